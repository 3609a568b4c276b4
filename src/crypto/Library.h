// OpenSSL, set up once.
//
// OpenSSL looks for a configuration file, engines and providers in a folder fixed when it was
// built, which on some machines anybody may create (CVE-2019-1552).  Culvert initialises it without
// any of them, before its first use (PRIV-7).  Everything in this folder does so by itself; whoever
// else uses OpenSSL (TLS) calls initialise() first.
#pragma once

namespace culvert::crypto {

/// Initialises OpenSSL without configuration file and fetches the algorithms; later calls do
/// nothing. Thread-safe.  Aborts the program when OpenSSL lacks what Culvert needs.
void initialise();

}  // namespace culvert::crypto
