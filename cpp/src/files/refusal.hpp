// What is wrong with a field of a file, before the file is named.
#pragma once

#include <jetmlp/files/model_file_error.hpp>

#include <string>
#include <string_view>

namespace jetmlp::files {

// What came is shown, shortened and without letters that a terminal would take for more.
inline std::string brief(std::string_view text) {
    constexpr std::size_t longest = 80;
    std::string shown;
    for (const char letter : text.substr(0, longest)) {
        shown += letter >= ' ' && letter <= '~' ? letter : '?';
    }
    return "'" + shown + (text.size() > longest ? "...'" : "'");
}

[[noreturn]] inline void refuse(std::string_view field, std::string_view expected,
                                std::string_view got) {
    std::string message(field.substr(0, 160));
    message.append(": expected ").append(expected).append(", got ").append(got);
    throw ModelFileError(message);
}

}  // namespace jetmlp::files
