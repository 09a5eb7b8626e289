#include <leat/memory.hpp>
#include <new>

namespace leat {

Memory Memory::allocate(std::size_t bytes) {
  void* at = ::operator new(kAlignment + bytes, std::align_val_t(kAlignment));
  Memory memory;
  memory.tagged_ = reinterpret_cast<std::uintptr_t>(new (at) Block);
  return memory;
}

Memory Memory::hold(std::shared_ptr<const void> owner) {
  Memory memory = allocate(0);
  memory.block()->held = std::move(owner);
  return memory;
}

void Memory::free(Block* block) {
  block->~Block();
  ::operator delete(block, std::align_val_t(kAlignment));
}

}  // namespace leat
