#pragma once

#include <cstddef>

namespace uvb {

/// A place in one IntrusiveList; a member of the element.
template <class T>
struct ListLink {
  T* previous = nullptr;
  T* next = nullptr;
};

/// Elements in order, linked through their own member `Link`: no allocation, removal in constant time. Owns nothing; an
/// element is in at most one list per link and is taken out before it ends. Not thread-safe.
template <class T, ListLink<T> T::*Link>
class IntrusiveList {
 public:
  [[nodiscard]] bool empty() const noexcept { return front_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T* front() const noexcept { return front_; }
  [[nodiscard]] T* back() const noexcept { return back_; }
  [[nodiscard]] static T* next(const T& element) noexcept { return (element.*Link).next; }

  void push_front(T& element) noexcept { insert(element, nullptr, front_); }
  void push_back(T& element) noexcept { insert(element, back_, nullptr); }

  void erase(T& element) noexcept {
    ListLink<T>& link = element.*Link;
    (link.previous != nullptr ? (link.previous->*Link).next : front_) = link.next;
    (link.next != nullptr ? (link.next->*Link).previous : back_) = link.previous;
    link = {};
    --size_;
  }

 private:
  void insert(T& element, T* previous, T* next) noexcept {
    element.*Link = {previous, next};
    (previous != nullptr ? (previous->*Link).next : front_) = &element;
    (next != nullptr ? (next->*Link).previous : back_) = &element;
    ++size_;
  }

  T* front_ = nullptr;
  T* back_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace uvb
