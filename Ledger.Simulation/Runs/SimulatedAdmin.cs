using System.Text;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// An admin who lets validators come and go, one transaction after the other: spare machines learn, are promoted and take
/// others' places. What it does next depends on the seed and on what the ledger has come to; a change may well be asked
/// for while the last one is under way.
/// </summary>
internal sealed class SimulatedAdmin(Simulator simulator, Chance chance)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ThinksMax = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ValidFor = TimeSpan.FromHours(12);

    /// <summary>What is not final yet, and is sent again: a word may be lost, and whoever has it need not lead.</summary>
    private readonly List<Transaction> _open = [];

    private ulong _nonce;

    public static SigningKey Key { get; } = SigningKey.FromSeed(Sha256.Hash(Encoding.UTF8.GetBytes("admin")).ToArray());

    public void Begin() => simulator.Agenda.After(chance.Between(TimeSpan.Zero, ThinksMax), Act);

    private void Act()
    {
        _open.RemoveAll(transaction => simulator.Hosts.Any(host => host.Ledger.HoldsTransaction(transaction.Hash)));
        if (simulator.ClientsAct && Draw() is { Count: > 0 } operations && simulator.Plan.Inject(Fault.Members))
        {
            var until = simulator.Genesis.Time.Plus(simulator.Now + ValidFor);
            _open.Add(Transaction.Sign(new(simulator.Genesis.ChainId, Key.PublicKey, until, _nonce++, operations), Key));
        }

        foreach (var transaction in _open)
        {
            Submit(transaction);
        }

        if (simulator.ClientsAct || _open.Count > 0)
        {
            simulator.Agenda.After(chance.Between(TimeSpan.Zero, chance.OneIn(3) ? Patience : ThinksMax), Act);
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

    private IReadOnlyList<Operation> Draw()
    {
        var history = simulator.Members;
        var voters = history.Current.Indices;
        var learners = history.Learners;
        return chance.Below(4) switch
        {
            0 when history.Seats < simulator.Hosts.Count => [Add(history.Seats)],
            1 when learners.Count > 0 => [Promote(chance.Pick(learners))],
            2 when learners.Count > 0 => [.. learners.Select(Promote), .. voters.Take(learners.Count).Select(Remove)],
            3 when voters.Count > 2 => [Remove(chance.Pick(voters))],
            _ => [],
        };
    }

    private static Operation.AddValidator Add(int seat)
        => new($"validator-{seat}", SimulatedGenesis.KeyOf(seat), "localhost:7000");

    private static Operation Promote(ValidatorIndex seat)
        => new Operation.PromoteValidator(SimulatedGenesis.KeyOf(seat.Value));

    private static Operation Remove(ValidatorIndex seat)
        => new Operation.RemoveValidator(SimulatedGenesis.KeyOf(seat.Value));
}
