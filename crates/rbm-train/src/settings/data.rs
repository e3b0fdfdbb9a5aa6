//! Where the data comes from.

use super::table::settings;
use crate::data::{Header, ImageShape, Ising};

settings! {
    /// Where the data comes from.
    "data" DataSettings

    /// Data: mnist, bars-and-stripes, bars-and-stripes:N, ising, or a path (a table of text, npy, npz or one
    /// array of it as FILE.npz:ARRAY, IDX, each also gzipped, or a directory with the files of an MNIST-like set
    /// such as Fashion-MNIST)
    dataset: String = "mnist".into(),
        flag "dataset" "NAME|PATH" "Data" one String;
    /// Whether a table of text begins with a header: yes or no
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<Header> = None, shown "yes if the first line has no numbers"
        flag "header" "yes|no" "Data" one Header;
    /// Column of a table of text that holds labels: its name, its number from 1, or last
    #[serde(skip_serializing_if = "Option::is_none")]
    label_column: Option<String> = None, shown "one called label"
        flag "label-column" "COLUMN" "Data" one String;
    /// Make values binary: 1 where value >= THRESHOLD. For images of bytes a fraction of the full
    /// range (default there: 0.5); for other data the value itself
    #[serde(skip_serializing_if = "Option::is_none")]
    threshold: Option<f64> = None, shown "only 0 and 1 are taken"
        flag "threshold" "THRESHOLD" "Data" one f64;
    /// Height and width of images whose pixels are in one row, such as 28x28: samples and modes are then drawn as images
    #[serde(skip_serializing_if = "Option::is_none")]
    image_shape: Option<ImageShape> = None, shown "that of the data"
        flag "image-shape" "ROWSxCOLUMNS" "Data" one ImageShape;
    /// Fraction of rows held out where the data has no test part
    test_fraction: f64 = 0.1, must BELOW_1
        flag "test-fraction" "FRACTION" "Data" one f64;
    /// Use only the first ROWS training rows
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<usize> = None, shown "all" must SOME_OR_ALL
        flag "limit" "ROWS" "Data" one usize;
    /// Use only rows with these labels, e.g. 0,1
    #[serde(skip_serializing_if = "Option::is_none")]
    digits: Option<Vec<u8>> = None, shown "all"
        flag "digits" "LABELS" "Data" set u8;
    /// Side of the periodic square lattice of --dataset ising
    ising_side: usize = Ising::default().side,
        flag "ising-side" "SITES" "Data" one usize;
    /// Its temperature, in J / k_B; 2.269185 is the critical one
    ising_temperature: f64 = Ising::default().temperature,
        flag "ising-temperature" "TEMPERATURE" "Data" one f64;
    /// States drawn of it, from the seed, before some are held out
    ising_rows: usize = Ising::default().rows,
        flag "ising-rows" "ROWS" "Data" one usize;
}
