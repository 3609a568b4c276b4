#include "service/StartUpMemory.h"

#include <cstdint>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace culvert::service {
namespace {

/// Read-only segments are clean copies of their file: dropping them loses nothing.
int dropConstantSegments(dl_phdr_info* object, std::size_t, void*) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
    const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr + page - 1) / page * page;
    const std::uintptr_t end =
        (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) / page * page;
    // The kernel names addresses by number.  NOLINTNEXTLINE(performance-no-int-to-ptr)
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
  return 0;
}

}  // namespace

void dropStartUpMemory() noexcept {
  ::malloc_trim(0);
  ::dl_iterate_phdr(dropConstantSegments, nullptr);
}

}  // namespace culvert::service
