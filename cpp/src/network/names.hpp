// Looking an enumerator up by its name, with an error that lists what there is.
#pragma once

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <string_view>

namespace jetmlp {

template <class Enum, std::size_t N>
Enum from_name(std::string_view argument, std::string_view name,
               const std::array<std::string_view, N>& names) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
        std::string message = std::string(argument) + ": expected one of";
        for (const std::string_view known : names) {
            message += known == names.front() ? " '" : ", '";
            message += std::string(known) + "'";
        }
        throw std::invalid_argument(message + ", got '" + std::string(name) + "'");
    }
    return static_cast<Enum>(found - names.begin());
}

}  // namespace jetmlp
