#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "base/guarded.h"
#include "uv/waker.h"

namespace uvb {

/// Messages from any thread to the thread of one loop, delivered in order.
template <class Message>
class Mailbox {
 public:
  Mailbox(Loop& loop, std::function<void(Message&&)> deliver)
      : deliver_(std::move(deliver)), waker_(loop, [this] { collect(); }) {}

  /// Any thread.
  void post(Message message) {
    const bool on_its_way = box_.with([&](Box& box) {
      box.messages.push_back(std::move(message));
      return std::exchange(box.woken, true);
    });
    if (!on_its_way) waker_.wake();
  }
  /// Any thread. Wakes nobody: it is delivered with the next message that is posted, or by collect().
  void leave(Message message) {
    box_.with([&](Box& box) { box.messages.push_back(std::move(message)); });
  }
  /// Any thread: has the loop collect() soon.
  void wake() {
    const bool on_its_way = box_.with([](Box& box) { return std::exchange(box.woken, true); });
    if (!on_its_way) waker_.wake();
  }
  /// The loop's thread: delivers what there is.
  void collect() {
    // Wake-ups coalesce, so everything there is gets delivered; what arrives meanwhile wakes again.
    std::vector<Message> messages;
    box_.with([&](Box& box) {
      box.messages.swap(messages);
      box.woken = false;
    });
    for (Message& message : messages) deliver_(std::move(message));
  }

 private:
  struct Box {
    std::vector<Message> messages;
    bool woken = false;  ///< the loop is on its way
  };

  std::function<void(Message&&)> deliver_;
  Guarded<Box> box_;
  Waker waker_;
};

}  // namespace uvb
