// Package tabular writes records, such as the models of package providers, as
// JSON, a line of JSON each, CSV or an aligned table.
//
// A record is a struct, a pointer to one or a map. It is taken as its JSON is;
// what is nested becomes columns of its own, such as "owner.login". The columns
// of a struct are those of its type, in the order of its fields, so that two
// exports of the same kind have the same columns, whatever is empty.
//
// CSV is written so that a spreadsheet takes no cell for a formula, and tables so
// that no cell can steer a terminal.
package tabular
