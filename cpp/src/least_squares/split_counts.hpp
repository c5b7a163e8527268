// Loops over the splits of a slot whose length the compiler knows.
#pragma once

namespace jetmlp {

// visit.operator()<n>() for the number of splits n, which is 1, 2 or 4.
template <class Visit>
[[gnu::always_inline]] inline void with_split_count(int n_splits, const Visit& visit) {
    if (n_splits == 2) {
        visit.template operator()<2>();
    } else if (n_splits == 1) {
        visit.template operator()<1>();
    } else {
        visit.template operator()<4>();
    }
}

}  // namespace jetmlp
