#pragma once

#include <pthread.h>

#include <algorithm>
#include <string>

namespace uvb {

/// Names the calling thread for `top -H` and debuggers; the kernel keeps 15 bytes.
inline void name_thread(std::string name) {
  constexpr std::size_t kLongest = 15;
  name.resize(std::min(name.size(), kLongest));
  pthread_setname_np(pthread_self(), name.c_str());
}

}  // namespace uvb
