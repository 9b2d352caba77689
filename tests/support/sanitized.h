// Under sanitizers code takes several times as long: random tests take fewer cases there.
#pragma once

namespace linnet::testing {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

template <class T>
constexpr T fewer_when_sanitized(T cases) {
  return kSanitized ? cases / 5 : cases;
}

}  // namespace linnet::testing
