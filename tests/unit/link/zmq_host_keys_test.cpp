#include "link/zmq_host_keys.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/temp_folder.hpp"

namespace leat {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using testing::TempFolder;

class HostKeysTest : public ::testing::Test {
 protected:
  HostKeysTest() {
    EXPECT_TRUE(keys_.make("edge"));
    EXPECT_TRUE(keys_.make("core"));
  }
  std::string refusal(const std::string& host) {
    const std::string hosts[] = {"edge", "core"};
    const auto loaded = keys_.load(host, hosts);
    return loaded ? "" : loaded.error().text();
  }

  TempFolder folder_;
  KeyFolder keys_{folder_.path("keys")};
};

TEST_F(HostKeysTest, a_host_gets_its_pair_and_the_public_keys_of_all) {
  const std::string hosts[] = {"edge", "core"};
  const auto edge = keys_.load("edge", hosts), core = keys_.load("core", hosts);
  ASSERT_TRUE(edge && core);
  EXPECT_THAT(edge->own.secret_key, SizeIs(40));
  EXPECT_NE(edge->own.secret_key, core->own.secret_key);
  EXPECT_EQ(edge->known, core->known);
  EXPECT_EQ(edge->known.at("edge"), edge->own.public_key);
  EXPECT_EQ(edge->known.at("core"), core->own.public_key);
}

TEST_F(HostKeysTest, secrets_are_their_owners_alone_and_nothing_is_replaced) {
  struct stat status {};
  ASSERT_EQ(::stat(keys_.secret_file("edge").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const std::string before = folder_.read("keys/edge.key");
  EXPECT_FALSE(keys_.make("edge"));
  EXPECT_EQ(folder_.read("keys/edge.key"), before);
  ASSERT_TRUE(std::filesystem::remove(keys_.secret_file("edge")));
  EXPECT_FALSE(keys_.make("edge"));  // its public key may be in use elsewhere
  EXPECT_FALSE(std::filesystem::exists(keys_.secret_file("edge")));
}

TEST_F(HostKeysTest, a_host_needs_no_secret_but_its_own) {
  std::filesystem::remove(keys_.secret_file("core"));
  std::filesystem::remove(keys_.public_file("edge"));
  EXPECT_EQ(refusal("edge"), "");
}

TEST_F(HostKeysTest, keys_that_protect_nothing_are_refused_with_the_fix) {
  ASSERT_EQ(::chmod(keys_.secret_file("edge").c_str(), 0640), 0);
  EXPECT_THAT(refusal("edge"), HasSubstr("others may read it; next: chmod 600 "));
  ASSERT_EQ(::chmod(keys_.secret_file("edge").c_str(), 0600), 0);
  folder_.write("keys/core.pub", "too short\n");
  EXPECT_THAT(refusal("edge"), HasSubstr("core.pub: it holds no key of 40 characters"));
  std::filesystem::remove(keys_.public_file("core"));
  EXPECT_THAT(refusal("edge"), HasSubstr("every host needs all .pub files"));
  std::filesystem::copy_file(keys_.public_file("edge"), keys_.public_file("core"));
  EXPECT_THAT(refusal("core"), HasSubstr("it is not the public key of "));
  std::filesystem::remove(keys_.secret_file("core"));
  EXPECT_THAT(refusal("core"), HasSubstr("copy this one to host `core` only"));
}

}  // namespace
}  // namespace leat
