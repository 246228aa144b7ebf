#include "resp/reply_writer.h"

#include <limits>
#include <string>

#include <catch2/catch.hpp>

namespace weir::resp {
namespace {

/// What is written in each protocol.
template <class Write>
std::string written(int version, Write write) {
  Buffer buffer;
  ReplyWriter reply(buffer);
  reply.set_version(version);
  write(reply);
  return std::string(buffer.view());
}
template <class Write>
std::string resp2(Write write) {
  return written(2, write);
}
template <class Write>
std::string resp3(Write write) {
  return written(3, write);
}

using Reply = ReplyWriter&;

TEST_CASE("A connection begins with RESP2", "[reply_writer]") {
  Buffer buffer;
  const ReplyWriter reply(buffer);
  CHECK(reply.version() == 2);
  CHECK_FALSE(reply.is_resp3());
}

TEST_CASE("These replies are the same in both protocols", "[reply_writer]") {
  for (const int version : {2, 3}) {
    CAPTURE(version);
    CHECK(written(version, [](Reply r) { r.ok(); }) == "+OK\r\n");
    CHECK(written(version, [](Reply r) { r.simple("PONG"); }) == "+PONG\r\n");
    CHECK(written(version, [](Reply r) { r.simple(""); }) == "+\r\n");
    CHECK(written(version, [](Reply r) { r.error("ERR no such key"); }) == "-ERR no such key\r\n");
    CHECK(written(version, [](Reply r) { r.integer(0); }) == ":0\r\n");
    CHECK(written(version, [](Reply r) { r.integer(-42); }) == ":-42\r\n");
    CHECK(written(version, [](Reply r) { r.bulk("hello"); }) == "$5\r\nhello\r\n");
    CHECK(written(version, [](Reply r) { r.bulk(""); }) == "$0\r\n\r\n");
    CHECK(written(version, [](Reply r) { r.bulk({}); }) == "$0\r\n\r\n");
    CHECK(written(version, [](Reply r) { r.array(0); }) == "*0\r\n");
    CHECK(written(version, [](Reply r) { r.array(12); }) == "*12\r\n");
  }
}

TEST_CASE("Integers go from the least to the greatest of 64 bits", "[reply_writer]") {
  CHECK(resp2([](Reply r) { r.integer(INT64_MAX); }) == ":9223372036854775807\r\n");
  CHECK(resp2([](Reply r) { r.integer(INT64_MIN); }) == ":-9223372036854775808\r\n");
}

TEST_CASE("Bulk strings are bytes, whatever they are and however many", "[reply_writer]") {
  const std::string binary("\0\r\n\xff", 4);
  CHECK(resp2([&](Reply r) { r.bulk(binary); }) == "$4\r\n" + binary + "\r\n");
  const std::string big(1'000'000, 'x');
  CHECK(resp2([&](Reply r) { r.bulk(big); }) == "$1000000\r\n" + big + "\r\n");
}

TEST_CASE("Line ends inside an error become blanks", "[reply_writer]") {
  CHECK(resp2([](Reply r) { r.error("ERR a\r\nb\nc\r"); }) == "-ERR a  b c \r\n");
  CHECK(resp2([](Reply r) {
          r.bulk("x\r\n");
          r.error("ERR \n");
          r.bulk("\r\n");
        }) == "$3\r\nx\r\n\r\n-ERR  \r\n$2\r\n\r\n\r\n");
}

TEST_CASE("Nulls are one thing in RESP3 and two in RESP2", "[reply_writer]") {
  CHECK(resp2([](Reply r) { r.null(); }) == "$-1\r\n");
  CHECK(resp2([](Reply r) { r.null_array(); }) == "*-1\r\n");
  CHECK(resp3([](Reply r) { r.null(); }) == "_\r\n");
  CHECK(resp3([](Reply r) { r.null_array(); }) == "_\r\n");
}

TEST_CASE("Maps are flat arrays in RESP2", "[reply_writer]") {
  CHECK(resp2([](Reply r) { r.map(7); }) == "*14\r\n");
  CHECK(resp3([](Reply r) { r.map(7); }) == "%7\r\n");
  CHECK(resp2([](Reply r) { r.map(0); }) == "*0\r\n");
  CHECK(resp3([](Reply r) { r.map(0); }) == "%0\r\n");
}

TEST_CASE("Sets and pushes are arrays in RESP2", "[reply_writer]") {
  CHECK(resp2([](Reply r) { r.set(3); }) == "*3\r\n");
  CHECK(resp3([](Reply r) { r.set(3); }) == "~3\r\n");
  CHECK(resp2([](Reply r) { r.push(3); }) == "*3\r\n");
  CHECK(resp3([](Reply r) { r.push(3); }) == ">3\r\n");
  CHECK(resp3([](Reply r) { r.attribute(1); }) == "|1\r\n");
}

TEST_CASE("Booleans are 1 and 0 in RESP2", "[reply_writer]") {
  CHECK(resp2([](Reply r) { r.boolean(true); }) == ":1\r\n");
  CHECK(resp2([](Reply r) { r.boolean(false); }) == ":0\r\n");
  CHECK(resp3([](Reply r) { r.boolean(true); }) == "#t\r\n");
  CHECK(resp3([](Reply r) { r.boolean(false); }) == "#f\r\n");
}

TEST_CASE("Doubles are written as the shortest text that reads back", "[reply_writer]") {
  CHECK(resp2([](Reply r) { r.real(3.14); }) == "$4\r\n3.14\r\n");
  CHECK(resp3([](Reply r) { r.real(3.14); }) == ",3.14\r\n");
  CHECK(resp3([](Reply r) { r.real(0.1 + 0.2); }) == ",0.30000000000000004\r\n");
  CHECK(resp3([](Reply r) { r.real(10); }) == ",10\r\n");
  CHECK(resp3([](Reply r) { r.real(-0.5); }) == ",-0.5\r\n");
  CHECK(resp3([](Reply r) { r.real(-1.7976931348623157e308); }) == ",-1.7976931348623157e+308\r\n");
}

TEST_CASE("Infinities and not-a-number have names", "[reply_writer]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  CHECK(resp3([](Reply r) { r.real(kInfinity); }) == ",inf\r\n");
  CHECK(resp3([](Reply r) { r.real(-kInfinity); }) == ",-inf\r\n");
  CHECK(resp3([](Reply r) { r.real(std::nan("")); }) == ",nan\r\n");
  CHECK(resp3([](Reply r) { r.real(-std::nan("")); }) == ",nan\r\n");
  CHECK(resp2([](Reply r) { r.real(-kInfinity); }) == "$4\r\n-inf\r\n");
}

TEST_CASE("Big numbers and verbatim text are bulk strings in RESP2", "[reply_writer]") {
  CHECK(resp2([](Reply r) { r.big_number("123"); }) == "$3\r\n123\r\n");
  CHECK(resp3([](Reply r) { r.big_number("123"); }) == "(123\r\n");
  CHECK(resp2([](Reply r) { r.verbatim("txt", "Some text"); }) == "$9\r\nSome text\r\n");
  CHECK(resp3([](Reply r) { r.verbatim("txt", "Some text"); }) == "=13\r\ntxt:Some text\r\n");
  CHECK(resp3([](Reply r) { r.verbatim("mkd", ""); }) == "=4\r\nmkd:\r\n");
}

TEST_CASE("The unchecked forms write the same bytes", "[reply_writer]") {
  char out[64];
  CHECK(std::string(out, ReplyWriter::write_header(out, '*', 7)) == "*7\r\n");
  CHECK(std::string(out, ReplyWriter::write_header(out, '$', 18446744073709551615u)) ==
        "$18446744073709551615\r\n");
  CHECK(std::string(out, ReplyWriter::write_bulk(out, "")) == "$0\r\n\r\n");
  CHECK(std::string(out, ReplyWriter::write_bulk(out, {})) == "$0\r\n\r\n");
  CHECK(std::string(out, ReplyWriter::write_bulk(out, "hello, world")) ==
        "$12\r\nhello, world\r\n");
}

// --- Lengths that are known late ----------------------------------------------------------------

/// An array begun with a guess, between other replies, of which the length becomes `length`.
std::string patched(size_t guess, size_t length) {
  return resp2([&](Reply r) {
    r.ok();
    const LengthMark mark = r.begin_array(guess);
    r.integer(1);
    r.bulk("two");
    r.patch_length(mark, length);
    r.ok();
  });
}

TEST_CASE("A guessed array length is put right, with fewer, as many and more digits",
          "[reply_writer]") {
  const auto expected = [](const std::string& length) {
    return "+OK\r\n*" + length + "\r\n:1\r\n$3\r\ntwo\r\n+OK\r\n";
  };
  CHECK(patched(2, 2) == expected("2"));
  CHECK(patched(3, 2) == expected("2"));
  CHECK(patched(1000, 2) == expected("2"));
  CHECK(patched(10, 9) == expected("9"));
  CHECK(patched(9, 10) == expected("10"));
  CHECK(patched(0, 123456) == expected("123456"));
  CHECK(patched(123456, 0) == expected("0"));
}

TEST_CASE("Guesses inside guesses are put right from the inside out", "[reply_writer]") {
  CHECK(resp2([](Reply r) {
          const LengthMark outer = r.begin_array(100);
          const LengthMark inner = r.begin_array(0);
          r.integer(1);
          r.patch_length(inner, 11);
          r.integer(2);
          r.patch_length(outer, 2);
        }) == "*2\r\n*11\r\n:1\r\n:2\r\n");
}

TEST_CASE("An array without elements can be patched", "[reply_writer]") {
  CHECK(resp2([](Reply r) { r.patch_length(r.begin_array(10), 0); }) == "*0\r\n");
  CHECK(resp2([](Reply r) { r.patch_length(r.begin_array(0), 10); }) == "*10\r\n");
}

TEST_CASE("A guess is put right even if the buffer must grow for it", "[reply_writer]") {
  for (size_t filling = 0; filling < 600; ++filling) {
    const std::string text(filling, 'x');
    const std::string bytes = resp2([&](Reply r) {
      const LengthMark mark = r.begin_array(1);
      r.simple(text);
      r.patch_length(mark, 123456789);
    });
    REQUIRE(bytes == "*123456789\r\n+" + text + "\r\n");
  }
}

TEST_CASE("Pairs are a map in RESP3 and an array of arrays in RESP2", "[reply_writer]") {
  const auto write = [](Reply r) {
    const LengthMark mark = r.begin_pairs(12);
    r.begin_pair();
    r.bulk("key");
    r.array(0);
    r.patch_length(mark, 1);
  };
  CHECK(resp2(write) == "*1\r\n*2\r\n$3\r\nkey\r\n*0\r\n");
  CHECK(resp3(write) == "%1\r\n$3\r\nkey\r\n*0\r\n");
}

TEST_CASE("A writer writes behind what is in the buffer, and can be given another",
          "[reply_writer]") {
  Buffer first;
  Buffer second;
  first.append("before ");
  ReplyWriter reply(first);
  reply.ok();
  CHECK(reply.bytes() == 12);
  reply.set_buffer(second);
  reply.integer(1);
  CHECK(first.view() == "before +OK\r\n");
  CHECK(second.view() == ":1\r\n");
  CHECK(&reply.buffer() == &second);
}

}  // namespace
}  // namespace weir::resp
