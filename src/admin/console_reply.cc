#include "admin/console_reply.h"

#include <utility>

namespace uvb {

ConsoleReply tag_reply(std::string tag) {
  ConsoleReply reply;
  reply.tag = std::move(tag);
  return reply;
}

ConsoleReply error_reply(std::string message, std::string code) {
  ConsoleReply reply;
  reply.error.emplace();
  reply.error->code = std::move(code);
  reply.error->message = std::move(message);
  return reply;
}

}  // namespace uvb
