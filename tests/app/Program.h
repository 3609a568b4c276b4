// The program without its command line: reactors, real sockets, and one instance after another.
#pragma once

#include "app/Core.h"
#include "app/Instance.h"
#include "config/Model.h"
#include "net/PocoSockets.h"
#include "net/ReactorPool.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace culvert::app {

/// The program without its command line.
class Program {
 public:
  explicit Program(std::size_t threads) : pool_(threads), sockets_(pool_), core_(environment()) {}
  ~Program() {
    if (instance_) instance_->stop();
    pool_.stop();
    pool_.join();
    instance_.reset();
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  void run(const std::string& json, const char* name = "test.json") {
    config::Loaded loaded = config::loadText(name, json);
    config::Problems problems;
    auto next =
        std::make_unique<Instance>(std::move(loaded.model), core_, problems, instance_.get());
    ASSERT_EQ(loaded.problems.errors() + problems.errors(), 0u)
        << loaded.problems.text() << problems.text();
    if (!instance_) pool_.start();
    next->start();
    instance_ = std::move(next);
  }
  Instance& instance() { return *instance_; }
  Reactor& reactor(std::size_t index = 0) { return pool_.at(index); }

 private:
  Environment environment() {
    Environment made{{}, sockets_, "", {}};
    for (std::size_t i = 0; i < pool_.size(); ++i) made.loops.push_back(&pool_.at(i));
    return made;
  }
  ReactorPool pool_;
  PocoSockets sockets_;
  Core core_;
  std::unique_ptr<Instance> instance_;
};

}  // namespace culvert::app
