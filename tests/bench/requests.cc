#include "tests/bench/requests.h"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <sstream>
#include <vector>

namespace weir::bench {
namespace {

constexpr uint64_t kPreloadSeed = 20;
constexpr size_t kCommandsPerWrite = 500;
constexpr size_t kBytesPerWrite = size_t{128} * 1024;

void append_word(std::string& bytes, std::string_view word) {
  bytes += "$" + std::to_string(word.size()) + "\r\n";
  bytes.append(word);
  bytes += "\r\n";
}

}  // namespace

std::string RandomText::text(size_t bytes) {
  static constexpr char kLetters[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
  std::string text(bytes, '\0');
  constexpr size_t kLettersPerNumber = 10;  // of 6 bits
  uint64_t bits = 0;
  for (size_t i = 0; i < bytes; ++i) {
    if (i % kLettersPerNumber == 0) bits = random_();
    text[i] = kLetters[bits & 63];
    bits >>= 6;
  }
  return text;
}

std::vector<std::string> words_of(const std::string& text) {
  if (text.empty()) return {};
  std::istringstream stream(text);
  return {std::istream_iterator<std::string>(stream), {}};
}

void append_xadd(std::string& bytes, const Xadd& xadd, RandomText& random) {
  const std::vector<std::string> trim = words_of(xadd.trim);
  bytes += "*" + std::to_string(3 + trim.size() + 2 * xadd.shape.fields) + "\r\n$4\r\nXADD\r\n";
  append_word(bytes, xadd.key);
  for (const std::string& word : trim)
    append_word(bytes, word);
  append_word(bytes, xadd.id);
  for (size_t field = 1; field <= xadd.shape.fields; ++field) {
    append_word(bytes, "field" + std::to_string(field));
    append_word(bytes, random.text(xadd.shape.value_bytes));
  }
}

std::vector<Request> sweep(const Sweep& what) {
  std::vector<Request> requests;
  std::vector<std::string> words;
  size_t entry = 0;
  while (entry < what.entries) {
    Request& request = requests.emplace_back();
    for (; request.replies < what.pipeline && entry < what.entries; ++request.replies) {
      words = what.head;
      const size_t end = std::min(entry + what.ids, what.entries);
      for (; entry < end; ++entry)
        words.push_back(entry_id(entry));
      append_command(request.bytes, words);
    }
  }
  return requests;
}

std::string entry_id(size_t n, size_t per_ms) {
  constexpr uint64_t kFirstMs = 1'700'000'000'000;
  return std::to_string(kFirstMs + n / per_ms) + "-" + std::to_string(n % per_ms);
}

std::string stream_key(size_t n) {
  char key[32];
  std::snprintf(key, sizeof key, "stream:%06zu", n);
  return key;
}

void preload(const Endpoint& endpoint, const Preload& what) {
  RandomText random(kPreloadSeed);
  Request request;
  size_t stream = 0;
  size_t entry = 0;
  const Source next = [&]() -> const Request* {
    request.bytes.clear();
    request.replies = 0;
    while (stream < what.streams && request.replies < kCommandsPerWrite &&
           request.bytes.size() < kBytesPerWrite) {
      const std::string key = what.streams == 1 ? kStream : stream_key(stream);
      append_xadd(
          request.bytes,
          {.key = key, .id = entry_id(entry, what.per_ms), .trim = what.trim, .shape = what.shape},
          random);
      ++request.replies;
      if (++entry == what.entries_per_stream) {
        entry = 0;
        ++stream;
      }
    }
    return request.replies > 0 ? &request : nullptr;
  };
  LoadGenerator generator(endpoint, {{.connections = 1, .source = next}});
  generator.run_to_the_end();
}

}  // namespace weir::bench
