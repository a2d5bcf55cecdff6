#pragma once

#include <memory>
#include <utility>

namespace uvb {

/// Something to be done on the thread of a `Receiver` (a worker, the control thread). Move-only captures are fine.
template <class Receiver>
class Message {
 public:
  virtual ~Message() = default;
  virtual void run(Receiver& receiver) = 0;
};

template <class Receiver, class F>
std::unique_ptr<Message<Receiver>> make_message(F action) {
  class Call final : public Message<Receiver> {
   public:
    explicit Call(F call) : call_(std::move(call)) {}
    void run(Receiver& receiver) override { call_(receiver); }

   private:
    F call_;
  };
  return std::make_unique<Call>(std::move(action));
}

}  // namespace uvb
