#include "driver.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace uvb::bench {
namespace {

constexpr std::size_t kScratchBytes = 256 * 1024;

timespec until(Clock::time_point when) {
  const auto left = std::max(when - Clock::now(), Clock::duration::zero());
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
  return {whole.count(), std::chrono::nanoseconds(left - whole).count()};
}

}  // namespace

Driver::Driver(const Endpoint& endpoint, Work& work)
    : endpoint_(endpoint), work_(work), epoll_(epoll_create1(EPOLL_CLOEXEC)), scratch_(kScratchBytes) {}

Driver::~Driver() { ::close(epoll_); }

void Driver::connect() {
  auto client = std::make_unique<Client>(endpoint_, salted_, work_);
  const int fd = client->fd();
  if (fd < 0) {
    problem_ = std::string("connect: ") + std::strerror(errno);
    return;
  }
  auto& connection = connections_[fd];
  connection.client = std::move(client);
  update_interest(connection, EPOLL_CTL_ADD);
}

void Driver::update_interest(Connection& connection, int operation) {
  const std::uint32_t mask = (connection.reading ? std::uint32_t{EPOLLIN} : 0U) |
                             (connection.client->wants_write() ? std::uint32_t{EPOLLOUT} : 0U);
  if (mask == connection.mask && operation == EPOLL_CTL_MOD) return;
  connection.mask = mask;
  epoll_event event{};
  event.events = mask;
  event.data.fd = connection.client->fd();
  epoll_ctl(epoll_, operation, event.data.fd, &event);
}

void Driver::drop(int fd) {
  const auto found = connections_.find(fd);
  if (problem_.empty()) problem_ = found->second.client->problem();
  connections_.erase(found);
}

void Driver::settle(Client& client) {
  if (!client.problem().empty()) return drop(client.fd());
  update_interest(connections_.at(client.fd()), EPOLL_CTL_MOD);
}

void Driver::set_reading(Client& client, bool reading) {
  auto& connection = connections_.at(client.fd());
  connection.reading = reading;
  update_interest(connection, EPOLL_CTL_MOD);
}

void Driver::for_each(const std::function<void(Client&)>& action) {
  std::vector<Client*> all;
  for (auto& [fd, connection] : connections_) all.push_back(connection.client.get());
  for (Client* client : all) action(*client);
}

void Driver::run(Clock::time_point deadline, const std::function<bool()>& done,
                 const std::function<Clock::time_point(Clock::time_point)>& tick) {
  while (problem_.empty() && !done()) {
    const auto now = Clock::now();
    if (now >= deadline) return;
    poll(std::min(deadline, tick(now)));
  }
}

void Driver::poll(Clock::time_point when) {
  std::array<epoll_event, 256> events;
  const auto timeout = until(when);
  const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &timeout, nullptr);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    const auto found = connections_.find(event.data.fd);
    if (found == connections_.end()) continue;
    const bool writable = (event.events & EPOLLOUT) != 0;
    const bool readable = (event.events & ~std::uint32_t{EPOLLOUT}) != 0;
    auto& client = *found->second.client;
    if (client.on_event(readable, writable, scratch_)) {
      settle(client);
    } else {
      drop(event.data.fd);
    }
  }
}

}  // namespace uvb::bench
