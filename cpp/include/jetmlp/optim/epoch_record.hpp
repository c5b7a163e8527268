// What a fit writes down of every epoch.
#pragma once

#include <jetmlp/loss/losses.hpp>

#include <array>
#include <span>
#include <string>

namespace jetmlp {

struct EpochRecord {
    Losses training;    // means over the epoch's batches, each before its update
    Losses validation;  // after the epoch; NaN without validation data
    double learning_rate = 0.0;
};

// Loss and its terms, of training and of validation, and the learning rate.
inline constexpr std::size_t n_history_columns = 2 * (1 + n_terms) + 1;

// "loss", "value_loss", …, "val_loss", "val_value_loss", …, "learning_rate".
std::array<std::string, n_history_columns> history_columns();
// A record in that order.
std::array<double, n_history_columns> history_row(const EpochRecord& record);
// The record of such a row.
EpochRecord record_of(std::span<const double, n_history_columns> row);

}  // namespace jetmlp
