#include "app/Core.h"

#include "base/Assert.h"
#include "base/Bytes.h"
#include "crypto/Random.h"

#include <exception>
#include <future>

namespace culvert::app {

Core::Core(Environment given)
    : environment(std::move(given)),
      own(&systemAddresses),
      mux(&crypto::fillRandom),
      dispatcher(environment.sockets, mux),
      processId(asText(crypto::randomBytes<16>())) {
  CULVERT_ASSERT(!environment.loops.empty());
}

Loop& Core::nextLoop() noexcept {
  return *environment.loops[next_++ % environment.loops.size()];
}

void Core::postToAll(const std::function<void(Loop&)>& work) {
  for (Loop* loop : environment.loops) {
    loop->post([work, loop] { work(*loop); });
  }
}

void runOn(Loop& loop, const std::function<void()>& work) {
  if (loop.isCurrent()) return work();
  std::promise<void> done;
  loop.post([&] {
    try {
      work();
      done.set_value();
    } catch (...) {
      done.set_exception(std::current_exception());
    }
  });
  done.get_future().get();
}

}  // namespace culvert::app
