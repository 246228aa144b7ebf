// Programs and libraries of others over TLS, with certificates on both sides.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/clients/tool.h"
#include "tests/server/tls_stage.h"

namespace weir::testing {
namespace {

/// What redis-cli and redis-benchmark are told to speak TLS with.
std::vector<std::string> tls_words(TlsStage& stage) {
  const TlsClientOptions good = stage.good();
  return {"-p",     std::to_string(stage.tls_port), "--tls", "--cacert",  good.trusts,
          "--cert", good.own.certificate,           "--key", good.own.key};
}

Finished run_with_tls(TlsStage& stage, const std::string& tool,
                      const std::vector<std::string>& words) {
  std::vector<std::string> all = {tool};
  for (const std::string& word : tls_words(stage))
    all.push_back(word);
  all.insert(all.end(), words.begin(), words.end());
  return run_tool(all);
}

void check_over_tls(const std::string& interpreter, const std::string& script) {
  TlsStage stage;
  const TlsClientOptions good = stage.good();
  check_script(interpreter, script,
               {std::to_string(stage.tls_port), good.trusts, good.own.certificate, good.own.key});
}

TEST_CASE("redis-cli speaks TLS with us", "[clients][tls]") {
  TlsStage stage;
  CHECK(run_with_tls(stage, "redis-cli", {"XADD", "s", "1-0", "f", "v"}).out == "1-0\n");
  CHECK(run_with_tls(stage, "redis-cli", {"-3", "XLEN", "s"}).out == "1\n");
  const Finished without = run_tool({"redis-cli", "-p", std::to_string(stage.tls_port), "--tls",
                                     "--cacert", stage.certificates.authority(), "PING"});
  CHECK(without.exit_code != 0);
  CHECK_FALSE(contains(without.out, "PONG"));
}

TEST_CASE("redis-cli --pipe loads many commands over TLS", "[clients][tls]") {
  TlsStage stage;
  std::vector<std::string> words = tls_words(stage);
  const Finished finished = run_script(
      "i=0; while [ $i -lt 5000 ]; do i=$((i+1)); echo XADD s \"$i-0\" f v; done | "
      "redis-cli \"$@\" --pipe",
      words);
  CHECK(contains(finished.out, "errors: 0, replies: 5000"));
  CHECK(stage.server.connect()("XLEN", "s") == 5000);
}

TEST_CASE("Protected mode tells a client of another machine why, over TLS", "[clients][tls]") {
  const std::string address = outer_address();
  if (address.empty()) return;
  TlsStage stage({"--bind", address, "127.0.0.1"});
  const Finished finished = run_with_tls(stage, "redis-cli", {"-h", address, "PING"});
  CHECK(contains(finished.out + finished.err, "DENIED"));
  CHECK(run_with_tls(stage, "redis-cli", {"PING"}).out == "PONG\n");
}

TEST_CASE("redis-benchmark speaks TLS with us", "[clients][tls]") {
  TlsStage stage;
  const Finished finished =
      run_with_tls(stage, "redis-benchmark",
                   {"-q", "-n", "4000", "-c", "8", "-P", "16", "XADD", "s", "*", "f", "v"});
  CHECK(finished.exit_code == 0);
  CHECK(contains(finished.out, "requests per second"));
  CHECK(stage.server.connect()("XLEN", "s").number() >= 4000);
}

TEST_CASE("redis-py speaks TLS with us", "[clients][tls]") {
  check_over_tls("/usr/bin/python3", "python_tls.py");
}

TEST_CASE("ioredis speaks TLS with us", "[clients][tls]") {
  check_over_tls("node", "node_ioredis_tls.mjs");
}

TEST_CASE("node-redis speaks TLS with us", "[clients][tls]") {
  check_over_tls("node", "node_redis_tls.mjs");
}

}  // namespace
}  // namespace weir::testing
