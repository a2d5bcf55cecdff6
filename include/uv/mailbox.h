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
      : deliver_(std::move(deliver)), waker_(loop, [this] { drain(); }) {}

  /// Any thread.
  void post(Message message) {
    const bool first = box_.with([&](std::vector<Message>& box) {
      box.push_back(std::move(message));
      return box.size() == 1;
    });
    if (first) waker_.wake();
  }

 private:
  void drain() {
    // Wake-ups coalesce, so everything there is gets delivered; what arrives meanwhile wakes again.
    std::vector<Message> messages;
    box_.with([&](std::vector<Message>& box) { box.swap(messages); });
    for (Message& message : messages) deliver_(std::move(message));
  }

  std::function<void(Message&&)> deliver_;
  Guarded<std::vector<Message>> box_;
  Waker waker_;
};

}  // namespace uvb
