#pragma once

#include <leat/batch.hpp>

namespace leat {

/// One direction of a link between one producer instance and one consumer instance.
struct ChannelId {
  std::uint32_t link = 0;      ///< position in Topology::links
  std::uint32_t producer = 0;  ///< instance number
  std::uint32_t consumer = 0;  ///< instance number
  friend auto operator<=>(const ChannelId&, const ChannelId&) = default;
};

/// The numbers are part of the wire format.
enum class MessageKind : std::uint8_t {
  hello = 1,     ///< producer to consumer: the channel exists; carries the plan's fingerprint
  ready = 2,     ///< consumer to producer: send; carries the first credit
  data = 3,      ///< producer to consumer: rows (perhaps none) and the watermark after them
  credit = 4,    ///< consumer to producer: new limits
  fin = 5,       ///< producer to consumer: nothing follows
  fin_ack = 6,   ///< consumer to producer: everything up to `fin` has been processed
  ping = 7,      ///< either way, when a channel between processes has been silent; from the producer with the
                 ///< number of messages sent, so that a lost last one is noticed
  drain = 8,     ///< consumer to producer: stop the sources, let everything flow out
  refuse = 9,    ///< consumer to producer: this channel can't work; `text` says why
  barrier = 10,  ///< producer to consumer: everything before it belongs to a checkpoint, nothing after it
};

/// A text that nearly always is absent: it costs a message nothing to move then.
class Note {
 public:
  Note() = default;
  Note(std::string text)
      : text_(text.empty() ? nullptr : std::make_shared<const std::string>(std::move(text))) {}
  Note(const char* text) : Note(std::string(text)) {}
  bool empty() const { return text_ == nullptr; }
  std::string_view view() const { return text_ ? std::string_view(*text_) : std::string_view(); }

 private:
  std::shared_ptr<const std::string> text_;
};

/// What workers tell each other. Data and control of all channels between two workers share one socket and
/// keep their order.
struct Message {
  MessageKind kind = MessageKind::ping;
  ChannelId channel;
  std::uint32_t epoch = 0;
  std::uint64_t sequence = 0;    ///< data, barrier and fin: from 0, without holes; ping: the next one
  std::uint64_t checkpoint = 0;  ///< barrier: its number
  Time watermark =
      kTimeMin;       ///< data, barrier: event time is complete up to here once the rows are processed
  bool idle = false;  ///< data, barrier: this producer does not hold back the watermark for now
  std::uint64_t rows_total =
      0;  ///< ready, credit: rows that may be sent in all; data, barrier, fin: rows sent before this
  std::uint64_t bytes_total = 0;  ///< the same in bytes
  std::uint64_t plan = 0;         ///< hello: fingerprint of the sender's plan
  Note text;                      ///< hello: the sender's host; refuse: the reason
  Batch batch;                    ///< data
};

}  // namespace leat
