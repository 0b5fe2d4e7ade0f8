//! Names, streets and places of Kazakhstan in Russian and Kazakh.
