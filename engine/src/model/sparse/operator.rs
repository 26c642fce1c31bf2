//! Products with sparse matrices as an operator of ONNX Runtime's, which has none that is fast.

use std::sync::{Arc, Mutex, PoisonError};

use ort::operator::{
    BoxedKernel, ComputeContext, KernelContext, Operator, OperatorDomain, OperatorInput,
    OperatorOutput,
};
use ort::value::TensorElementType;

use super::{LANES, SparseMatrix, add_products};

/// The operator's name: of what a linear layer answers (`[tokens, out]`) and what it was given (`[tokens, in]`), it makes
/// the answer with products added; its attribute [`matrices`](MATRICES) says which.
pub(crate) const SPARSE_LINEAR: &str = "SparseLinear";
/// Where the operator is at home.
pub(crate) const DOMAIN: &str = "xenoglot";
/// Counts through a graph's lists of matrices.
pub(crate) const MATRICES: &str = "matrices";

struct SparseLinear {
    matrices: Vec<Vec<Arc<SparseMatrix>>>,
}

/// The operator over the lists `matrices` of one graph.
pub(crate) fn domain(matrices: &[Vec<Arc<SparseMatrix>>]) -> ort::Result<OperatorDomain> {
    let matrices = matrices.to_vec();
    OperatorDomain::new(DOMAIN)?.add(SparseLinear { matrices })
}

impl Operator for SparseLinear {
    type Kernel<'attr> = BoxedKernel<'attr>;

    fn name(&self) -> &str {
        SPARSE_LINEAR
    }

    fn inputs(&self) -> impl IntoIterator<Item = OperatorInput> {
        [
            OperatorInput::required(TensorElementType::Float32),
            OperatorInput::required(TensorElementType::Float32),
        ]
    }

    fn outputs(&self) -> impl IntoIterator<Item = OperatorOutput> {
        [OperatorOutput::required(TensorElementType::Float32)]
    }

    fn create_kernel<'attr>(
        &self,
        context: &KernelContext<'attr>,
    ) -> ort::Result<Self::Kernel<'attr>> {
        let number: Option<i64> = context.get(MATRICES);
        let list = number.and_then(|number| self.matrices.get(usize::try_from(number).ok()?));
        let Some(matrices) = list.cloned() else {
            return Err(ort::Error::new("there are no matrices of that number"));
        };
        Ok(Box::new(move |run: &ComputeContext| {
            compute(&matrices, run)
        }))
    }
}

fn compute(matrices: &[Arc<SparseMatrix>], run: &ComputeContext) -> ort::Result<()> {
    let missing = || ort::Error::new("an input is missing");
    let answers = run.input(0)?.ok_or_else(missing)?;
    let states = run.input(1)?.ok_or_else(missing)?;
    let (shape, answers) = answers.try_extract_tensor::<f32>()?;
    let (_, states) = states.try_extract_tensor::<f32>()?;
    let mut output = run.output(0, shape.to_vec())?.ok_or_else(missing)?;
    let (_, output) = output.try_extract_tensor_mut::<f32>()?;
    output.copy_from_slice(answers);
    let matrices: Vec<&SparseMatrix> = matrices.iter().map(Arc::as_ref).collect();
    let Some([n_rows, n_columns]) = matrices.first().map(|matrix| matrix.dim()) else {
        return Ok(());
    };
    if output.len() * n_columns != states.len() * n_rows {
        return Err(ort::Error::new(
            "matrices and states are of different sizes",
        ));
    }
    let states: Vec<&[f32]> = states.chunks((n_columns * LANES).max(1)).collect();
    let blocks = output.chunks_mut((n_rows * LANES).max(1)).map(Mutex::new);
    let blocks: Vec<Mutex<&mut [f32]>> = blocks.collect();
    run.par_for(blocks.len(), 0, |i| {
        let mut block = blocks[i].lock().unwrap_or_else(PoisonError::into_inner);
        add_products(&matrices, states[i], &mut block);
    })
}
