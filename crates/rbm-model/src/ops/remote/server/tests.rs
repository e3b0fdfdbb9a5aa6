use super::wire::Numbers;
use super::*;
use burn::backend::Flex;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{DType, Shape, TensorData};
use burn_ir::{ScalarIr, TensorId, TensorIr};

/// An operation on ones, with sizes n = 3, m = 2, r = 4, s = 5, and the handles that it needs.
fn operation(name: &str) -> (Handles<Flex>, CustomOpIr) {
    let (inputs, made, scalars): (&[&[usize]], usize, Vec<ScalarIr>) = match name {
        "rbm.sample_layer" => (&[&[4, 2], &[2]], 2, KEY.into_scalars()),
        "rbm.gibbs_sweeps" => {
            let sweeps = (crate::ops::Sweeps {
                seed: 1,
                stream: 2,
                first_step: 3,
                count: 2,
                first_row: 0,
            })
            .into_scalars();
            (&[&[3, 2], &[3], &[2], &[4, 2]], 3, sweeps)
        }
        "rbm.hidden_probabilities" => (&[&[3, 2], &[2], &[4, 3]], 1, vec![]),
        "rbm.sample_hidden" => (&[&[3, 2], &[2], &[4, 3]], 2, KEY.into_scalars()),
        "rbm.activate" | "rbm.softplus_sum" => (&[&[4, 2], &[2]], 1, vec![]),
        "rbm.shifted_softplus_sum" => {
            let units = [0, 1, 2, 2].map(ScalarIr::UInt).to_vec();
            (&[&[4, 2], &[3, 2], &[4]], 1, units)
        }
        "rbm.correlation_difference" => (&[&[4, 3], &[4, 2], &[5, 3], &[5, 2]], 1, vec![]),
        "rbm.ascend" => {
            let step = (crate::optim::Step {
                rate: 0.1,
                l1: 0.0,
                l2: 0.0,
                rule: crate::optim::Rule::Momentum { decay: 0.5 },
            })
            .into_scalars();
            let inputs: &[&[usize]] = &[
                &[3, 2],
                &[3, 2],
                &[0, 0],
                &[3],
                &[3],
                &[0],
                &[2],
                &[2],
                &[0],
                &[4, 3],
                &[4, 2],
                &[5, 3],
                &[5, 2],
                &[3],
                &[2],
            ];
            (inputs, 10, step)
        }
        other => panic!("{other} has no test"),
    };
    let mut handles = Handles::<Flex>::new();
    let tensor = |id: usize, shape: &[usize], status| TensorIr {
        id: TensorId::new(id as u64),
        shape: Shape::from(shape.to_vec()),
        status,
        dtype: DType::F32,
    };
    for (id, shape) in inputs.iter().enumerate() {
        let data = TensorData::ones::<f32, _>(Shape::from(shape.to_vec()));
        let ones = Flex::float_from_data(data, &Default::default());
        handles.register_float_tensor::<Flex>(&TensorId::new(id as u64), ones);
    }
    let inputs: Vec<TensorIr> = (inputs.iter().enumerate())
        .map(|(id, shape)| tensor(id, shape, TensorStatus::ReadOnly))
        .collect();
    let outputs: Vec<TensorIr> = (100..100 + made)
        .map(|id| tensor(id, &[1], TensorStatus::NotInit))
        .collect();
    let ir = CustomOpIr {
        id: name.into(),
        inputs,
        outputs,
        scalars,
    };
    (handles, ir)
}

/// More than any of these operations makes.
const LIMIT: u64 = 1000;

const KEY: crate::noise::NoiseKey = crate::kernels::statistics::KEY;

/// What is said of an operation that was changed after it was right.
fn reason(
    (name, handler): (&str, Handler<Flex>),
    change: impl FnOnce(&mut Handles<Flex>, &mut CustomOpIr),
) -> String {
    let (mut handles, mut ir) = operation(name);
    change(&mut handles, &mut ir);
    let error = handler(&mut handles, &ir, LIMIT).expect_err(name);
    error.root().to_string()
}

#[test]
fn what_does_not_fit_is_refused_with_a_reason() {
    for handler in handlers::<Flex>() {
        let name = handler.0;
        let (mut handles, ir) = operation(name);
        handler.1(&mut handles, &ir, LIMIT).unwrap_or_else(|e| panic!("{name}: {e}"));
        for output in &ir.outputs {
            assert!(handles.has_handle(&output.id), "{name}");
        }

        let fewer = reason(handler, |_, ir| ir.inputs.truncate(ir.inputs.len() - 1));
        assert!(fewer.contains("tensors to"), "{name}: {fewer}");
        assert!(fewer.contains("same version"), "{name}: {fewer}");
        let more = reason(handler, |_, ir| ir.outputs.push(ir.outputs[0].clone()));
        assert!(more.contains("tensors to"), "{name}: {more}");
        let missing = reason(handler, |handles, ir| {
            handles.remove_handle(ir.inputs[1].id);
        });
        assert!(
            missing.contains("tensor 1 is not there"),
            "{name}: {missing}"
        );
        let last = reason(handler, |_, ir| {
            let last = ir.inputs.len() - 1;
            ir.inputs[last].dtype = DType::I64;
        });
        assert!(last.contains("not of real numbers"), "{name}: {last}");
        // Every tensor in turn with a dimension too many, and one too long.
        for index in 0..ir.inputs.len() {
            for shape in [vec![1, 1, 7], vec![11]] {
                let wrong = reason(handler, |handles, ir| {
                    let data = TensorData::ones::<f32, _>(Shape::from(shape.clone()));
                    let ones = Flex::float_from_data(data, &Default::default());
                    handles.register_float_tensor::<Flex>(&ir.inputs[index].id, ones);
                });
                assert!(wrong.contains("expected ["), "{name} {index}: {wrong}");
            }
        }
        if !ir.scalars.is_empty() {
            let fewer = reason(handler, |_, ir| ir.scalars.truncate(ir.scalars.len() - 1));
            assert!(fewer.contains("numbers"), "{name}: {fewer}");
            let negative = reason(handler, |_, ir| ir.scalars[0] = ScalarIr::Int(-1));
            assert!(negative.contains("Int(-1)"), "{name}: {negative}");
        }
    }
}

#[test]
fn a_unit_that_is_not_there_and_a_moment_that_is_empty_are_refused() {
    let all = handlers::<Flex>();
    let find = |name| *all.iter().find(|(n, _)| *n == name).unwrap();
    let beyond = reason(find("rbm.shifted_softplus_sum"), |_, ir| {
        ir.scalars[3] = ScalarIr::UInt(3);
    });
    assert!(beyond.contains("4 units below 3"), "{beyond}");
    let adam = reason(find("rbm.ascend"), |_, ir| {
        ir.scalars[5] = ScalarIr::UInt(2);
    });
    assert!(adam.contains("2 moments"), "{adam}");
}

/// Tensors without elements have a matrix product of any size.
#[test]
fn results_beyond_the_limit_are_refused_before_they_are_allocated() {
    for (name, handler) in handlers::<Flex>() {
        let (mut handles, ir) = operation(name);
        let error = handler(&mut handles, &ir, 3).expect_err(name);
        assert!(
            error.root().contains("more than 3 bytes"),
            "{name}: {error}"
        );
    }
    let all = handlers::<Flex>();
    let product = all
        .iter()
        .find(|(name, _)| *name == "rbm.correlation_difference");
    let reason = reason(*product.unwrap(), |handles, ir| {
        for input in &ir.inputs {
            let data = TensorData::new(Vec::<f32>::new(), Shape::from(vec![0, 1usize << 32]));
            let empty = Flex::float_from_data(data, &Default::default());
            handles.register_float_tensor::<Flex>(&input.id, empty);
        }
    });
    assert!(reason.contains("more than 1000 bytes"), "{reason}");
}

#[test]
fn more_sweeps_than_one_operation_makes_are_refused() {
    let all = handlers::<Flex>();
    let sweeps = all.iter().find(|(name, _)| *name == "rbm.gibbs_sweeps");
    for count in [(1 << 16) + 1, u64::MAX] {
        let reason = reason(*sweeps.unwrap(), |_, ir| {
            ir.scalars[3] = ScalarIr::UInt(count)
        });
        assert!(
            reason.contains(&format!("{count} sweeps at once")),
            "{reason}"
        );
    }
    // Fewer where they are more work, but always one.
    let most = |n: usize, m: usize, rows: usize| {
        wire::most_sweeps(&Shape::from(vec![n, m]), &Shape::from(vec![rows, m]))
    };
    assert_eq!(most(784, 500, 500), 175);
    assert_eq!(most(1 << 20, 1 << 20, 1 << 40), 1);
}

/// An operation on what a refused one should have made hands its reason on.
#[test]
fn the_first_reason_is_handed_on() {
    let all = handlers::<Flex>();
    let (name, handler) = all[0];
    let (mut handles, ir) = operation(name);
    let refused = ExecutionError::WithContext {
        reason: "refused".into(),
    };
    handles.set_error(ir.inputs[0].id, TensorError::new(refused));
    let error = handler(&mut handles, &ir, LIMIT).unwrap_err();
    assert_eq!((error.root(), error.depth()), ("refused", 1));
}
