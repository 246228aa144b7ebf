// Bytes on their way to a socket: one contiguous growing block.
//
//   data ─► ┌──────────┬────────────────────┬───────────┐
//           │ consumed │ to be sent         │ free      │
//           └──────────┴────────────────────┴───────────┘
//           0        begin_               end_       capacity_
//
// Unlike std::string it can be written into before its size is known (reserve, then commit), and
// its storage can be handed to another buffer, so that an idle connection owns none.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace weir::resp {

class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }

  void swap(Buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(begin_, other.begin_);
    std::swap(end_, other.end_);
    std::swap(capacity_, other.capacity_);
  }

  bool empty() const { return begin_ == end_; }
  size_t size() const { return end_ - begin_; }
  size_t capacity() const { return capacity_; }
  /// Bytes that can be written at end() as it is.
  size_t room() const { return capacity_ - end_; }
  std::string_view view() const { return {data_.get() + begin_, size()}; }
  char* begin() { return data_.get() + begin_; }
  char* end() { return data_.get() + end_; }

  /// Room for `bytes` more bytes, at the returned place.
  [[gnu::always_inline]] char* reserve(size_t bytes) {
    if (capacity_ - end_ < bytes) grow(bytes, false);
    return data_.get() + end_;
  }

  /// As reserve, but no larger than asked: for a size that is known to be final.
  char* reserve_exactly(size_t bytes) {
    if (capacity_ - end_ < bytes) grow(bytes, true);
    return data_.get() + end_;
  }

  /// Takes over `bytes` written at the place that reserve gave.
  void commit(size_t bytes) {
    assert(bytes <= capacity_ - end_);
    end_ += bytes;
  }

  void append(std::string_view bytes) {
    std::copy(bytes.begin(), bytes.end(), reserve(bytes.size()));
    end_ += bytes.size();
  }

  /// Drops the first `bytes` bytes.
  void consume(size_t bytes) {
    assert(bytes <= size());
    begin_ += bytes;
    if (begin_ == end_) clear();
  }

  /// Drops everything behind the first `bytes` bytes.
  void truncate(size_t bytes) {
    assert(bytes <= size());
    end_ = begin_ + bytes;
  }

  void clear() { begin_ = end_ = 0; }

  /// Gives the storage back.
  void release() { Buffer().swap(*this); }

 private:
  [[gnu::noinline]] void grow(size_t bytes, bool exactly) {
    const size_t used = size();
    size_t capacity = used + bytes;
    // Room that consumed bytes left is used first, or a buffer that is never quite empty would
    // grow with all that ever went through it.
    if (capacity <= capacity_ / 2) {
      std::memmove(data_.get(), data_.get() + begin_, used);
      begin_ = 0;
      end_ = used;
      return;
    }
    if (!exactly) capacity = std::max({capacity, capacity_ * 2, kSmallest});
    std::unique_ptr<char[]> data(new char[capacity]);
    if (used > 0) std::memcpy(data.get(), data_.get() + begin_, used);
    data_ = std::move(data);
    begin_ = 0;
    end_ = used;
    capacity_ = capacity;
  }

  static constexpr size_t kSmallest = 256;

  std::unique_ptr<char[]> data_;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t capacity_ = 0;
};

}  // namespace weir::resp
