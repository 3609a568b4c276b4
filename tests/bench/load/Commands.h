// The subcommands of culvert-bench, one function each; Main.cpp has the list and the help.
//
// All throw: Usage for a wrong command line, std::exception for what went wrong.  What they report
// goes to standard output, in one line of JSON.
#pragma once

#include "bench/load/Arguments.h"
#include "bench/load/Socket.h"

namespace culvert::load {

void serve(Arguments& arguments);
void relay(Arguments& arguments);
void crypto(Arguments& arguments);
void bulk(Arguments& arguments);
void fetch(Arguments& arguments);
void echo(Arguments& arguments);
void connect(Arguments& arguments);
void churn(Arguments& arguments);
void http(Arguments& arguments);
void idle(Arguments& arguments);
void sleep(Arguments& arguments);

/// The options every client has: --to, --source-spread, --no-source-spread (the default is a spread
/// to loopback).
Dialer dialerFrom(Arguments& arguments, int receiveBufferBytes = 0);

}  // namespace culvert::load
