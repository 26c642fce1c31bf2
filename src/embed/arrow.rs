//! Arrow's IPC file format: a column of vectors, a record batch a chunk. This is the only room of its libraries.

use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use arrow_array::{ArrayRef, FixedSizeListArray, Float32Array, RecordBatch, StringArray};
use arrow_ipc::writer::FileWriter;
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef};
use xenoglot_engine::Embeddings;

use super::texts::Dialect;

/// The column of identifiers; a text may have none.
const ID: &str = "id";
/// The column of vectors.
const VECTOR: &str = "vector";

/// Vectors as a table: `vector`, a list of `dim` float32, and before it `id` where the input can have one.
pub(super) struct ArrowFile<W: Write> {
    writer: FileWriter<W>,
    schema: SchemaRef,
    /// What a vector holds `dim` of.
    number: FieldRef,
    dim: i32,
}

impl<W: Write> ArrowFile<W> {
    /// Begins a file in `out`.
    pub(super) fn new(out: W, dialect: Dialect, dim: usize) -> Result<Self> {
        let dim = i32::try_from(dim).context("arrow holds no vectors of that length")?;
        let number = Arc::new(Field::new_list_field(DataType::Float32, false));
        let list = DataType::FixedSizeList(Arc::clone(&number), dim);
        let vector = Field::new(VECTOR, list, false);
        let schema = Arc::new(match dialect {
            Dialect::Lines => Schema::new(vec![vector]),
            Dialect::Json => Schema::new(vec![Field::new(ID, DataType::Utf8, true), vector]),
        });
        Ok(Self {
            writer: FileWriter::try_new(out, &schema)?,
            schema,
            number,
            dim,
        })
    }

    /// Writes one record batch.
    pub(super) fn add(&mut self, ids: &[Option<String>], vectors: &Embeddings) -> Result<()> {
        let numbers = Float32Array::from_iter_values(vectors.view().iter().copied());
        let number = Arc::clone(&self.number);
        let vectors = FixedSizeListArray::try_new(number, self.dim, Arc::new(numbers), None)?;
        let mut columns: Vec<ArrayRef> = vec![Arc::new(vectors)];
        if self.schema.fields().len() > columns.len() {
            let ids: StringArray = ids.iter().map(Option::as_deref).collect();
            columns.insert(0, Arc::new(ids));
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns)?;
        Ok(self.writer.write(&batch)?)
    }

    /// Writes the table of contents, without which there is no file.
    pub(super) fn commit(mut self) -> Result<W> {
        self.writer.finish()?;
        Ok(self.writer.into_inner()?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use arrow_array::cast::AsArray;
    use arrow_array::types::Float32Type;
    use arrow_ipc::reader::FileReader;
    use xenoglot_engine::{Encoder, HashEncoder, Role};

    use super::*;

    #[test]
    fn a_batch_reads_back_with_its_identifiers() {
        let vectors = HashEncoder::new(3).encode(&["tides", "", "bread"], Role::Plain);
        let vectors = vectors.unwrap();
        let ids = [Some("a".to_owned()), None, Some("é".to_owned())];
        for (dialect, columns) in [
            (Dialect::Lines, &["vector"][..]),
            (Dialect::Json, &["id", "vector"]),
        ] {
            let mut file = ArrowFile::new(Vec::new(), dialect, 3).unwrap();
            file.add(&ids, &vectors).unwrap();
            file.add(&ids, &vectors).unwrap();
            let bytes = Cursor::new(file.commit().unwrap());
            let mut batches = FileReader::try_new(bytes, None).unwrap();
            let schema = batches.schema();
            let names: Vec<_> = schema.fields().iter().map(|field| field.name()).collect();
            assert_eq!(names, columns);
            assert_eq!(batches.num_batches(), 2);
            let batch = batches.next().unwrap().unwrap();
            let lists = batch[VECTOR].as_fixed_size_list();
            let numbers = lists.values().as_primitive::<Float32Type>();
            let expected: Vec<f32> = vectors.view().iter().copied().collect();
            assert_eq!(
                (lists.value_length(), &numbers.values()[..]),
                (3, &expected[..])
            );
            if dialect == Dialect::Json {
                let read: Vec<_> = batch[ID].as_string::<i32>().iter().collect();
                assert_eq!(read, [Some("a"), None, Some("é")]);
            }
        }
    }

    #[test]
    fn a_file_without_texts_has_its_columns() {
        let file = ArrowFile::new(Vec::new(), Dialect::Json, 3).unwrap();
        let bytes = Cursor::new(file.commit().unwrap());
        let batches = FileReader::try_new(bytes, None).unwrap();
        assert_eq!(
            (batches.num_batches(), batches.schema().fields().len()),
            (0, 2)
        );
    }
}
