// Prints the instruction-set levels that this processor can run, the highest first. CMake asks it,
// too.
#include <jetmlp/machine/instruction_levels.hpp>

#include <cstdio>

int main() {
    for (const std::string& level : jetmlp::supported_levels()) {
        std::puts(level.c_str());
    }
}
