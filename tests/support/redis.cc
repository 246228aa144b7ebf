#include "tests/support/redis.h"

#include <stdexcept>

#include <hiredis/hiredis.h>

#include "resp/reply.h"

namespace weir::testing {
namespace {

timeval as_timeval(Milliseconds time) {
  return {.tv_sec = static_cast<time_t>(time.count() / 1000),
          .tv_usec = static_cast<suseconds_t>(time.count() % 1000 * 1000)};
}

std::string bytes_of(const redisReply& reply) {
  return {reply.str, reply.len};
}

std::string shown(const redisReply& reply, bool alone) {
  switch (reply.type) {
    case REDIS_REPLY_STRING:
      return alone ? bytes_of(reply) : resp::quoted(bytes_of(reply));
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_NIL:
      return "nil";
    case REDIS_REPLY_ARRAY: {
      std::string out = "[";
      for (size_t i = 0; i < reply.elements; ++i) {
        if (i > 0) out += ',';
        out += shown(*reply.element[i], false);
      }
      return out + ']';
    }
    default:  // a status or an error
      return bytes_of(reply);
  }
}

}  // namespace

void Redis::Free::operator()(redisContext* context) const {
  redisFree(context);
}

Redis::Redis(redisContext* context) : context_(context) {
  if (!context) throw std::runtime_error("hiredis: no memory");
  if (context->err != 0) throw std::runtime_error("connect: " + std::string(context->errstr));
}

Redis::Redis(int port)
    : Redis(redisConnectWithTimeout("127.0.0.1", port, as_timeval(reply_patience()))) {}

Redis::Redis(const std::string& socket_path)
    : Redis(redisConnectUnixWithTimeout(socket_path.c_str(), as_timeval(reply_patience()))) {}

void Redis::send_words(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<size_t> lengths;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    lengths.push_back(word.size());
  }
  redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(),
                         lengths.data());
  // That the server has closed shows in what is read next.
  int all_written = 0;
  while (all_written == 0 && redisBufferWrite(context_.get(), &all_written) == REDIS_OK) {
  }
}

Shown Redis::read() {
  const Clock::time_point deadline = Clock::now() + reply_patience();
  while (true) {
    void* found = nullptr;
    if (context_->err == 0 && redisGetReplyFromReader(context_.get(), &found) != REDIS_OK) {
      throw std::runtime_error("no RESP: " + std::string(context_->errstr));
    }
    if (found) {
      const std::unique_ptr<void, decltype(&freeReplyObject)> owner(found, freeReplyObject);
      return {shown(*static_cast<const redisReply*>(found), true)};
    }
    if (context_->err == REDIS_ERR_EOF || context_->err == REDIS_ERR_IO) return {"(closed)"};
    if (!becomes_readable(context_->fd, deadline)) {
      throw std::runtime_error("no reply in time");
    }
    redisBufferRead(context_.get());
  }
}

bool Redis::nothing_arrives(Milliseconds quiet) {
  return !becomes_readable(context_->fd, quiet);
}

}  // namespace weir::testing
