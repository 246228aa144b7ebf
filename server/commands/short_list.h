// A list that lies on the stack while it is short: most commands name a few IDs or streams.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>

namespace weir {

/// Up to `kFew` elements need no allocation.  Elements are only added.
template <class T, size_t kFew>
class ShortList {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(std::max_align_t));

 public:
  ShortList() = default;
  ShortList(const ShortList&) = delete;
  ShortList& operator=(const ShortList&) = delete;

  size_t size() const { return size_; }
  const T& operator[](size_t i) const { return begin()[i]; }
  const T* begin() const { return std::launder(reinterpret_cast<const T*>(data_)); }
  const T* end() const { return begin() + size_; }

  void reserve(size_t count) {
    if (count > capacity_) grow(count);
  }
  void push_back(const T& element) {
    if (size_ == capacity_) grow(2 * capacity_);
    new (data_ + size_ * sizeof(T)) T(element);
    ++size_;
  }

 private:
  void grow(size_t capacity) {
    auto many = std::make_unique_for_overwrite<std::byte[]>(capacity * sizeof(T));
    std::memcpy(many.get(), data_, size_ * sizeof(T));
    many_ = std::move(many);
    data_ = many_.get();
    capacity_ = capacity;
  }

  alignas(T) std::byte few_[kFew * sizeof(T)];  // not cleared: only what is added is read
  std::unique_ptr<std::byte[]> many_;
  std::byte* data_ = few_;
  size_t size_ = 0;
  size_t capacity_ = kFew;
};

}  // namespace weir
