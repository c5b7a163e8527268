// Numbers in messages, as short as they can be read.
#pragma once

#include <sstream>
#include <string>

namespace jetmlp {

inline std::string text_of(double number) {
    std::ostringstream text;
    text << number;
    return text.str();
}

}  // namespace jetmlp
