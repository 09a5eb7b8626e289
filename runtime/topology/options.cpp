#include "topology/options.hpp"

namespace leat {

const Fields<TopologyOptions>& topology_fields() {
  using O = TopologyOptions;
  using C = CheckpointOptions;
  static const Fields<C> checkpoint{
      optional("every", &C::every, "Time between two checkpoints; staged output is as late."),
      optional("keep", &C::keep, "How many are kept."),
      optional("path", &C::path,
               "Folder for checkpoints, on each host. Left out: `var/checkpoints/NAME` beside the file."),
  };
  static const Fields<O> fields{
      required("topology", &O::topology, "Name of the topology: a-z, 0-9, _ and -."),
      choice(
          "delivery", &O::delivery,
          {{"best_effort", Delivery::best_effort},
           {"at_least_once", Delivery::at_least_once},
           {"exactly_once", Delivery::exactly_once}},
          "Promise about loss when something fails: every loss counted; nothing lost; or state and committed "
          "output as if nothing had failed. See docs/delivery.md."),
      group("checkpoint", &O::checkpoint, checkpoint,
            "How often a failure may set a topology back, and where it "
            "keeps its state."),
      optional("batch", &O::batch,
               "Most rows per batch: `auto`, or a number of rows. The actual number adapts to the load."),
      optional("linger", &O::linger, "Longest a partial batch waits while its worker is busy."),
      choice("poll", &O::poll, {{"block", Poll::block}, {"spin", Poll::spin}},
             "How a worker waits: `spin` burns a core for lower latency."),
      optional("plugins", &O::plugins, "Shared libraries with further kinds."),
  };
  return fields;
}

const Fields<ActorOptions>& actor_fields() {
  using O = ActorOptions;
  static const Fields<EventTimeOptions> event_time{
      required("field", &EventTimeOptions::field, "Timestamp field of the rows."),
      optional("disorder", &EventTimeOptions::disorder, "How far rows may come out of order."),
      optional("idle_after", &EventTimeOptions::idle_after,
               "Silence after which this source no longer holds others back; 0s: never."),
  };
  static const Fields<O> fields{
      optional("instances", &O::instances, "Copies of the actor; each runs on a worker of its own."),
      optional("fuse", &O::fuse, "Whether it may share a worker with its producer."),
      optional("worker", &O::worker, "Name of the worker to run on: actors of one name share it."),
      optional("was", &O::was, "The actor's name when the checkpoint was made that it is to go on from."),
      optional("discard", &O::discard, "Ports whose rows may go nowhere."),
      group("event_time", &O::event_time, event_time, "Sources: where event time comes from."),
  };
  return fields;
}

const Fields<LinkOptions>& link_fields() {
  using O = LinkOptions;
  static const Fields<QueueLimit> queue{
      optional("max", &QueueLimit::max, "Most rows waiting at the consumer."),
      optional("max_bytes", &QueueLimit::max_bytes, "Most bytes waiting at the consumer."),
      choice("when_full", &QueueLimit::when_full,
             {{"block", WhenFull::block},
              {"drop_oldest", WhenFull::drop_oldest},
              {"drop_newest", WhenFull::drop_newest}},
             "What a full queue does: slow the producer, or drop and count."),
  };
  static const Fields<O> fields{
      required("from", &O::from, "`actor` or `actor.port`."),
      choice(
          "route", &O::route, {{"spread", Route::spread}, {"all", Route::all}, {"paired", Route::paired}},
          "How rows go to several instances: each to the one with most credit (or, with equal numbers and no "
          "key, from instance n to instance n), all to all, or paired: from n to n although the consumer has "
          "a key, because the rows are divided by it already."),
      optional("key", &O::key, "Rows with the same key go to the same instance."),
      optional(
          "feedback", &O::feedback,
          "The link leads back to an actor that feeds its producer: it takes no part in the watermark and "
          "never blocks; more waiting rows than `queue.max` are an error."),
      group("queue", &O::queue, queue, "Bound of the link."),
  };
  return fields;
}

const Fields<DeployOptions>& deploy_fields() {
  using O = DeployOptions;
  static const Fields<SecurityOptions> security{
      choice("curve", &SecurityOptions::curve,
             {{"required", SecurityOptions::Curve::required}, {"off", SecurityOptions::Curve::off}},
             "Encryption of the links and checkpoint messages between hosts that are not one machine. "
             "`required`, "
             "said here, also for tcp within one machine."),
      optional("keys", &SecurityOptions::keys,
               "Folder of the hosts' keys, made by `leat keys make`; default: `keys` beside this file."),
  };
  static const Fields<O> fields{
      required("hosts", &O::hosts,
               "Host names and their addresses: `10.0.0.1`, `10.0.0.1:5600`, or `local` (this machine, over "
               "ipc)."),
      required("place", &O::place, "Which actor runs on which host; `\"*\"` for the rest."),
      group("security", &O::security, security, "Protection of links between hosts."),
      optional("run_dir", &O::run_dir,
               "Folder of the ipc sockets; default: one per topology and user under the temporary folder."),
  };
  return fields;
}

}  // namespace leat
