#include <jetmlp/optim/epoch_record.hpp>

#include <string_view>

namespace jetmlp {

std::array<std::string, n_history_columns> history_columns() {
    std::array<std::string, n_history_columns> columns;
    auto* column = columns.begin();
    for (const std::string prefix : {"", "val_"}) {
        *column++ = prefix + "loss";
        for (const std::string_view term : term_names) {
            *column++ = prefix + std::string(term) + "_loss";
        }
    }
    *column = "learning_rate";
    return columns;
}

std::array<double, n_history_columns> history_row(const EpochRecord& record) {
    std::array<double, n_history_columns> row{};
    auto* entry = row.begin();
    for (const Losses* const losses : {&record.training, &record.validation}) {
        *entry++ = losses->total;
        for (const double term : losses->terms.by_term) {
            *entry++ = term;
        }
    }
    *entry = record.learning_rate;
    return row;
}

EpochRecord record_of(std::span<const double, n_history_columns> row) {
    EpochRecord record;
    auto entry = row.begin();
    for (Losses* const losses : {&record.training, &record.validation}) {
        losses->total = *entry++;
        for (double& term : losses->terms.by_term) {
            term = *entry++;
        }
    }
    record.learning_rate = *entry;
    return record;
}

}  // namespace jetmlp
