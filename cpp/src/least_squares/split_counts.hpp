// Loops over the splits of a slot whose length the compiler knows.
#pragma once

#include "least_squares/jet_slots.hpp"

#include <vector>

namespace jetmlp {

// visit.operator()<n>() for the number of splits n, which is 1, 2 or 4.
template <class Visit>
void with_split_count(const std::vector<JetSlots::Split>& splits, const Visit& visit) {
    if (splits.size() == 1) {
        visit.template operator()<1>();
    } else if (splits.size() == 2) {
        visit.template operator()<2>();
    } else {
        visit.template operator()<4>();
    }
}

}  // namespace jetmlp
