// What is before everything else in a source of which every change stands behind a switch (mutation_switches.py):
// one change at a time is on, and those that were come upon are remembered.
#pragma once

#include <cstdlib>
#include <type_traits>

#define JETMLP_SHOWN __attribute__((visibility("default"), used))

extern "C" {
JETMLP_SHOWN inline unsigned char mutation_reached[8192] = {};
JETMLP_SHOWN inline int mutation_active = [] {
    const char* const text = std::getenv("JETMLP_MUTANT");
    return text == nullptr ? -1 : std::atoi(text);
}();
}

namespace mutation {

inline bool on(int change) {
    mutation_reached[change] = 1;
    return mutation_active == change;
}

// An expression of Eigen as the array that it is, so that a sum and a difference are of one type.
template <class T>
auto plain(T&& value) {
    using Value = std::remove_cvref_t<T>;
    if constexpr (requires { typename Value::PlainObject; }) {
        return typename Value::PlainObject(value);
    } else {
        return Value(value);
    }
}

template <class Changed, class Original>
auto either(int change, const Changed& changed, const Original& original) {
    return on(change) ? changed() : original();
}

}  // namespace mutation
