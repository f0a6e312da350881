using System.Text;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// An admin who lets validators come and go, one transaction after the other: spare machines take
/// others' places, and in Raft learn before. What it does next depends on the seed and on what the ledger has
/// come to; a change may well be asked for while the last one is under way.
/// </summary>
internal sealed class SimulatedAdmin(Simulator simulator, Chance chance)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ThinksMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ValidFor = TimeSpan.FromHours(12);

    /// <summary>
    /// What is not final yet, and is sent again: a word may be lost, and whoever has it need not lead.
    /// </summary>
    private readonly List<Transaction> _open = [];

    private ulong _nonce;

    public static SigningKey Key { get; } = SigningKey.FromSeed(
        Sha256.Hash(Encoding.UTF8.GetBytes("admin")).ToArray());

    /// <summary>Something is not final yet.</summary>
    public bool IsWaiting => _open.Count > 0;

    /// <summary>How few may be left: those that lie must not become too many.</summary>
    private int FewestLeft => Math.Max(2, (3 * simulator.Liars) + 1);

    /// <summary>
    /// A spare machine is added once, so that its number is its seat: asked for twice, it might come back
    /// after it was removed, to another seat.
    /// </summary>
    private bool MayAdd => simulator.Members.Seats < simulator.Seats
        && !_open.Exists(
            transaction => transaction.Body.Operations.Any(operation => operation is Operation.AddValidator));

    /// <summary>By how many the validators may become fewer when all that was asked for is done.</summary>
    private int Leaving => _open.Sum(transaction => Math.Max(0,
        transaction.Body.Operations.Sum(operation => operation is Operation.RemoveValidator ? 1 : -1)));

    public void Begin() => simulator.Agenda.After(chance.Between(TimeSpan.Zero, ThinksMax), Act);

    private void Act()
    {
        _open.RemoveAll(
            transaction => simulator.Hosts.Any(host => host.Ledger.HoldsTransaction(transaction.Hash)));
        if (simulator.ClientsAct && Draw() is { Count: > 0 } operations
            && simulator.Plan.Inject(Fault.Members))
        {
            var until = simulator.Genesis.Time.Plus(simulator.Now + ValidFor);
            _open.Add(Transaction.Sign(
                new(simulator.Genesis.ChainId, Key.PublicKey, until, _nonce++, operations), Key));
            Tell(operations);
        }

        foreach (var transaction in _open)
        {
            Submit(transaction);
        }

        if (simulator.ClientsAct || _open.Count > 0)
        {
            simulator.Agenda.After(
                chance.Between(TimeSpan.Zero, chance.OneIn(3) ? Patience : ThinksMax), Act);
        }
    }

    private void Submit(Transaction transaction)
    {
        var up = simulator.Hosts.Where(host => host.Life is not null).ToList();
        if (up.Count > 0)
        {
            chance.Pick(up).Life!.Mempool.Admit(transaction, gossip: true);
        }
    }

    private IReadOnlyList<Operation> Draw() => simulator.Options.IsRaft ? DrawForRaft() : DrawForPbft();

    private IReadOnlyList<Operation> DrawForPbft()
    {
        var history = simulator.Members;
        var validators = history.Current.Indices;
        return chance.Below(3) switch
        {
            0 when MayAdd => [Add(history.Seats)],
            1 when MayAdd => [Add(history.Seats), Remove(chance.Pick(validators))],
            2 when validators.Count - Leaving > FewestLeft => [Remove(chance.Pick(validators))],
            _ => [],
        };
    }

    private IReadOnlyList<Operation> DrawForRaft()
    {
        var history = simulator.Members;
        var voters = history.Current.Indices;
        var learners = history.Learners;
        return chance.Below(4) switch
        {
            0 when MayAdd => [Add(history.Seats)],
            1 when learners.Count > 0 => [Promote(chance.Pick(learners))],
            2 when learners.Count > 0
                => [.. learners.Select(Promote), .. voters.Take(learners.Count).Select(Remove)],
            3 when voters.Count > 2 => [Remove(chance.Pick(voters))],
            _ => [],
        };
    }

    private void Tell(IReadOnlyList<Operation> operations)
    {
        simulator.Trace.Add(simulator.Now, TraceKind.Fault, -1, -1);
        if (simulator.Trace.IsHeard)
        {
            simulator.Trace.Tell(
                simulator.Now, TraceKind.Fault, -1, -1, "the admin asks to "
                + string.Join(", ", operations.Select(Words)));
        }
    }

    private string Words(Operation operation) => operation switch
    {
        Operation.AddValidator add => $"add {add.Name}",
        Operation.PromoteValidator promote => $"promote R{simulator.Members.FindByKey(promote.Key)}",
        Operation.RemoveValidator remove => $"remove R{simulator.Members.FindByKey(remove.Key)}",
        _ => operation.ToString(),
    };

    private static Operation.AddValidator Add(int seat)
        => new($"validator-{seat}", SimulatedGenesis.KeyOf(seat), "localhost:7000");

    private static Operation Promote(ValidatorIndex seat)
        => new Operation.PromoteValidator(SimulatedGenesis.KeyOf(seat.Value));

    private static Operation Remove(ValidatorIndex seat)
        => new Operation.RemoveValidator(SimulatedGenesis.KeyOf(seat.Value));
}
