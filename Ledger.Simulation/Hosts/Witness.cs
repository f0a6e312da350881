using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>
/// As the node does it: keeps the proof of a double vote on the disk, shows it to the others, and reports it
/// to the ledger in its turn. A liar keeps none: it would not accuse its own kind.
/// </summary>
internal sealed class Witness
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReportLifetime = TimeSpan.FromMinutes(1);

    private readonly Simulator _simulator;
    private readonly Life _life;
    private readonly EvidenceBook _book;
    private bool _looks;

    public Witness(Simulator simulator, Life life)
    {
        _simulator = simulator;
        _life = life;
        _book = new(height => simulator.Members.SetAt(height), () => life.Self);
        foreach (var evidence in life.Host.Evidence.Values)
        {
            _book.Add(evidence, TimeSpan.Zero);
        }
    }

    /// <summary>Whether something that could be on the ledger is not.</summary>
    public bool Owes => _book.Owes(Head, Read);

    private Height Head => _life.Machine.Head.Height;

    public void Begin() => LookLater();

    public void OnNotice(Notice.Equivocation notice)
    {
        if (PbftEvidence.Of(notice, SimulatedGenesis.KeyOf(notice.Validator.Value)) is { } evidence)
        {
            Take(evidence);
        }
    }

    public void OnShown(byte[] bytes)
    {
        if (Evidence.TryDecode(bytes, out var evidence, out _) && Evidence.FaultIn(evidence) is null
            && evidence.IsSigned(_simulator.Genesis.Hash, _simulator.IsSigned))
        {
            Take(evidence);
        }
    }

    public void ShowTo(Host peer)
    {
        foreach (var evidence in _book.All)
        {
            _life.Send(peer, new Parcel.Evidence(evidence.Encode()), _simulator.Now);
        }
    }

    private void Take(Evidence evidence)
    {
        if (!_life.Host.IsHonest || Read(StateKey.ForOffence(evidence.Offence)) is not null
            || !_book.Wants(evidence, Head))
        {
            return;
        }

        _life.Host.Evidence[evidence.Offence] = evidence;
        if (_book.Add(evidence, _life.Host.Elapsed) is { } gone)
        {
            _life.Host.Evidence.Remove(gone.Offence);
        }

        _life.Broadcast(new Parcel.Evidence(evidence.Encode()), _simulator.Now);
        LookLater();
    }

    private void LookLater()
    {
        if (!_looks && _book.Count > 0)
        {
            _looks = true;
            _life.After(LookEvery, Look);
        }
    }

    private void Look()
    {
        _looks = false;
        foreach (var settled in _book.Settle(Head, Read))
        {
            _life.Host.Evidence.Remove(settled.Offence);
        }

        foreach (var evidence in _book.Due(Head, _life.Host.Elapsed, Read))
        {
            var (key, now) = (_life.Host.Account, _life.Host.Calendar);
            _life.Mempool.Admit(
                Transaction.Sign(
                    new(
                        _simulator.Genesis.ChainId, key.PublicKey, now.Plus(ReportLifetime),
                        (ulong)now.UnixMilliseconds,
                        [new Operation.Report(evidence)]),
                    key),
                gossip: true);
        }

        LookLater();
    }

    private byte[]? Read(byte[] stateKey) => _life.Host.Ledger.ReadState(stateKey);
}
