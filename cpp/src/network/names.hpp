// Looking up by its name what is numbered by its place in a list, with an error that lists what
// there is.
#pragma once

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace jetmlp {

template <class Enum>
Enum from_name(std::string_view argument, std::string_view name,
               std::span<const std::string_view> names) {
    const auto found = std::ranges::find(names, name);
    if (found == names.end()) {
        std::string message = std::string(argument) + ": expected one of";
        const char* separator = " '";
        for (const std::string_view known : names) {
            message += separator;
            message += std::string(known) + "'";
            separator = ", '";
        }
        throw std::invalid_argument(message + ", got '" + std::string(name) + "'");
    }
    return static_cast<Enum>(found - names.begin());
}

}  // namespace jetmlp
