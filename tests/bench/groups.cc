#include "tests/bench/groups.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "tests/bench/failure.h"

namespace weir::bench {
namespace {

constexpr size_t kEntriesPerDelivery = 100;

std::string name(char letter, size_t n) {
  char text[32];
  std::snprintf(text, sizeof text, "%c%05zu", letter, n);
  return text;
}

}  // namespace

std::string group_name(size_t n) {
  return name('g', n);
}

std::string consumer_name(size_t n) {
  return name('c', n);
}

void append_xreadgroup(std::string& bytes, const Xreadgroup& what) {
  std::vector<std::string> words = {"XREADGROUP",  "GROUP", what.group,
                                    what.consumer, "COUNT", std::to_string(what.count)};
  for (std::string& option : words_of(what.options))
    words.push_back(std::move(option));
  for (const std::string& word : {std::string("STREAMS"), what.key, std::string(">")})
    words.push_back(word);
  append_command(bytes, words);
}

void restart_group(ServerProcess& server) {
  server.command({"XGROUP", "DESTROY", kStream, kGroup});
  server.command({"XGROUP", "CREATE", kStream, kGroup, "0"});
}

void deliver(const Endpoint& endpoint, const Delivery& what) {
  std::vector<Request> requests(what.consumers);
  for (size_t i = 0; i < what.consumers; ++i) {
    requests[i].replies = 1;
    append_xreadgroup(requests[i].bytes,
                      {.consumer = consumer_name(i), .count = kEntriesPerDelivery});
  }
  const size_t reads = (what.entries + kEntriesPerDelivery - 1) / kEntriesPerDelivery;
  LoadGenerator generator(endpoint,
                          {{.connections = 1, .source = in_turn(std::move(requests), reads)}});
  generator.run_to_the_end();
}

uint64_t pending_count(ServerProcess& server) {
  const std::string summary = server.command({"XPENDING", kStream, kGroup});
  const size_t colon = summary.find(':');  // *4 :count ...
  if (colon == std::string::npos) throw Failure("not a summary of XPENDING: " + summary);
  return std::stoull(summary.substr(colon + 1));
}

void for_delivered_ids(std::string_view replies,
                       const std::function<void(std::string_view)>& each) {
  // An ID is the first of two values and begins with a digit; keys, fields and values of the
  // benchmark that stand in such a place begin with a letter.
  static constexpr std::string_view kPair = "*2\r\n$";
  for (size_t at = replies.find(kPair); at != std::string_view::npos;
       at = replies.find(kPair, at)) {
    at += kPair.size();
    size_t bytes = 0;
    const char* const end = replies.data() + replies.size();
    const char* const first = std::from_chars(replies.data() + at, end, bytes).ptr + 2;
    if (first + bytes > end) throw Failure("a reply ends within an ID");
    if (*first >= '0' && *first <= '9') each({first, bytes});
  }
}

}  // namespace weir::bench
