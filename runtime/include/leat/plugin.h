#ifndef LEAT_PLUGIN_H
#define LEAT_PLUGIN_H

/* What a plugin exports: a shared library with further kinds, named under `plugins:` or with `--plugin`.
 *
 *   LEAT_PLUGIN_EXPORT uint32_t leat_plugin_abi(void) { return LEAT_PLUGIN_ABI; }
 *   LEAT_PLUGIN_EXPORT void leat_plugin_register(void* registry);   // a leat::Registry*
 *
 * It must be built against the installed Leat, with the same compiler family: the registry is a C++ object.
 * The number changes whenever a class in <leat/...> changes its layout, so that a stale plugin is refused
 * instead of crashing. */

#include <stdint.h>

#define LEAT_PLUGIN_ABI 1u

#ifdef __cplusplus
#define LEAT_PLUGIN_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define LEAT_PLUGIN_EXPORT __attribute__((visibility("default")))
#endif

#endif
