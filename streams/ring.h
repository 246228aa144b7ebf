// A list of objects that carry their own links: joining allocates nothing, and whoever is destroyed
// leaves by itself, wherever it was.
//
//        ┌───────────────────────────────────────┐
//        └─► head ◄──► first ◄──► … ◄──► last ◄──┘
//
// An object joins by being a RingHook<Tag>; the tag tells several rings of one object apart.
#pragma once

namespace weir {

template <class T, class Tag>
class Ring;

template <class Tag>
class RingHook {
 public:
  RingHook() = default;
  ~RingHook() { leave(); }
  RingHook(const RingHook&) = delete;
  RingHook& operator=(const RingHook&) = delete;

  bool is_in_ring() const { return after_ != this; }
  void leave() {
    before_->after_ = after_;
    after_->before_ = before_;
    before_ = after_ = this;
  }

 private:
  template <class T, class SameTag>
  friend class Ring;

  RingHook* before_ = this;
  RingHook* after_ = this;
};

/// The ring of some T, which it does not own.
template <class T, class Tag>
class Ring {
 public:
  Ring() = default;
  /// Those still in it are in no ring then.
  ~Ring() {
    while (!is_empty())
      head_.after_->leave();
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  bool is_empty() const { return !head_.is_in_ring(); }
  /// Null in an empty ring.
  T* first() const { return item(head_.after_); }
  T* last() const { return item(head_.before_); }
  /// The one behind an item of this ring, null behind the last.
  T* next(const T& of) const { return item(static_cast<const RingHook<Tag>&>(of).after_); }

  /// Puts an item behind the last one; it may be in this ring already.
  void push_back(T& to_add) {
    RingHook<Tag>& hook = to_add;
    hook.leave();
    hook.before_ = head_.before_;
    hook.after_ = &head_;
    hook.before_->after_ = &hook;
    head_.before_ = &hook;
  }

 private:
  T* item(RingHook<Tag>* hook) const { return hook == &head_ ? nullptr : static_cast<T*>(hook); }

  RingHook<Tag> head_;
};

}  // namespace weir
