// The error of a file that is no model, or no longer.
#pragma once

#include <stdexcept>

namespace jetmlp {

// The message names the file, the field, what was expected and what came.
class ModelFileError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace jetmlp
