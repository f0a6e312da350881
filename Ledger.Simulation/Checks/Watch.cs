using System.Runtime.CompilerServices;
using Ledger.Consensus;
using Ledger.Consensus.Pbft;
using Ledger.Consensus.Raft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Simulation;

/// <summary>An invariant does not hold: the run ends here.</summary>
internal sealed class BreachException(string name, string detail) : Exception($"{name}: {detail}")
{
    public string Name { get; } = name;

    public string Detail { get; } = detail;
}

/// <summary>
/// Sees everything that honest validators sign, accept, decide and keep, and holds it against what must be
/// true. It remembers across their restarts, and it shares no code with the engine that it watches.
/// </summary>
internal sealed class Watch(Simulator simulator)
{
    private readonly CertificateCheck _certificates = new(simulator);
    private readonly Dictionary<(int Host, StatementKind Kind, ulong View, ulong Height), Statement> _signed =
        [];
    private readonly Dictionary<int, View> _left = [];
    private readonly Dictionary<(StatementKind Kind, View View, Height Height), Digest> _certified = [];
    private readonly List<(Digest Block, Digest StateSum)> _final = [];
    private readonly Dictionary<Digest, Height> _applied = [];
    private readonly Dictionary<int, IDurable> _durable = [];
    private readonly Dictionary<int, ulong[]> _asked = [];
    private readonly HashSet<(int Host, Digest Block)> _valid = [];
    private readonly HashSet<PublicKey> _accused = [];
    private readonly SortedSet<(int Witness, ValidatorIndex Validator, Height Height)> _proven = [];

    /// <summary>With Raft: the logs behind all that is said.</summary>
    public RaftLogs RaftLogs { get; } = new(simulator);

    /// <summary>The height of the highest block that is final anywhere.</summary>
    public Height Highest => new((ulong)Math.Max(0, _final.Count - 1));

    public long Transactions => _applied.Count;

    /// <summary>The final block of a height, once there is one.</summary>
    public Digest? FinalAt(Height height)
        => height.Value < (ulong)_final.Count ? _final[(int)height.Value].Block : null;

    /// <summary>Of the blocks that any client was told of.</summary>
    public Height HighestTold { get; private set; } = Height.Genesis;

    /// <summary>How many linearizable reads were served.</summary>
    public long Reads { get; private set; }

    public long ViewChanges { get; private set; }

    public long Evidence { get; private set; }

    /// <summary>Against how many validators the ledger holds proof.</summary>
    public int Accused => _accused.Count;

    /// <summary>Follows what this host's journal holds, so that no word rests on less.</summary>
    public void Follow(Host host)
    {
        var durable = _durable[host.Id] = simulator.Protocol.Follow(host);
        host.Journal.OnDurable = (records, replaces) =>
        {
            durable.Add(records, replaces);
            Bounded("a journal", host.Journal.Bytes, simulator.Protocol.JournalMax);
            foreach (var record in records)
            {
                if (record is Certified certified)
                {
                    Certificate(host, certified.Certificate);
                }
            }
        };
    }

    /// <summary>A process has begun: what it heard in its last life it must hear again.</summary>
    public void Begins(Host host) => _asked[host.Id] = new ulong[simulator.Seats];

    /// <summary>
    /// L4: who has heard f + 1 others ask for higher views is there by the time it has heard them out.
    /// </summary>
    public void Rests(Host host, IEngineStatus engine)
    {
        var view = engine.View;
        if (engine is RaftEngine raft)
        {
            RaftLogs.Rests(host, raft);
            return;
        }

        if (!host.IsMember)
        {
            return;
        }

        // Whoever asked for a view of this epoch is one of its validators.
        var asked = (ulong[])_asked[host.Id].Clone();
        Array.Sort(asked);
        var faulty = (simulator.Members.SetOf(view.Epoch).Count - 1) / 3;
        var reached = asked.Length > faulty ? asked[^(faulty + 1)] : 0;
        Must(view.Value >= reached, host, "joins",
            $"is in view {view}, and f + 1 others have asked for {reached}");
    }

    /// <summary>The executor has found this block valid, or made it.</summary>
    public void Finds(Host host, Digest valid) => _valid.Add((host.Id, valid));

    /// <summary>Nothing is said twice in different ways, late, or before it is durable.</summary>
    public void Signs(Host host, in Statement statement)
    {
        var isVote = statement.Kind is StatementKind.Prepare or StatementKind.Commit or StatementKind.Append;
        var key = (host.Id, statement.Kind, statement.View.Value, isVote ? statement.Height.Value : 0);
        if (!_signed.TryAdd(key, statement) && _signed[key] != statement)
        {
            throw new BreachException(
                "one word",
                $"R{host.Self} signed two different statements of kind {statement.Kind} in view "
                + $"{statement.View}: h{_signed[key].Height} {_signed[key].Digest.ToShortString()} and "
                + $"h{statement.Height} {statement.Digest.ToShortString()}");
        }

        if (statement.Kind is StatementKind.ViewChange or StatementKind.Vote)
        {
            var last = _left.GetValueOrDefault(host.Id);
            _left[host.Id] = statement.View > last ? statement.View : last;
        }
        else if (_left.TryGetValue(host.Id, out var left) && statement.View < left)
        {
            throw new BreachException(
                "left is left",
                $"R{host.Self} signed a {statement.Kind} in view {statement.View} after it asked for view "
                + $"{left}");
        }

        if (!simulator.Options.IsRaft)
        {
            var epoch = statement.View.Epoch;
            Must(
                epoch <= simulator.Members.Epoch
                && simulator.Members.SetOf(epoch).Contains(host.Self), host, "own epoch",
                $"signed a {statement.Kind} of epoch {epoch}, in which it is no validator");
        }

        if (statement.Kind == StatementKind.Prepare && !_valid.Contains((host.Id, statement.Digest)))
        {
            throw new BreachException(
                "valid before prepared",
                $"R{host.Self} prepares {statement.Digest.ToShortString()} before it knows it is valid");
        }

        if (!_durable[host.Id].Holds(statement))
        {
            throw new BreachException(
                "durable before said",
                $"R{host.Self} signed a {statement.Kind} of view {statement.View} at height "
                + $"{statement.Height}, and its journal holds nothing that it rests on");
        }
    }

    /// <summary>What an honest gate lets in proves itself.</summary>
    public void Accepts(Host host, Envelope envelope)
    {
        if (envelope.Message is PromiseMessage promise)
        {
            var statement = promise.StatementOn(simulator.Genesis.Hash);
            Must(_certificates.IsSigned(envelope.From, statement, envelope.Signature), host,
                "signatures verify", $"accepted {promise} of R{envelope.From} with a bad signature");
        }

        switch (envelope.Message)
        {
            case ViewChange viewChange:
                Must(_certificates.Fault(viewChange.Highest), host, "certificates verify", viewChange);
                ref var asked = ref _asked[host.Id][envelope.From.Value];
                asked = Math.Max(asked, viewChange.Target.Value);
                break;
            case NewView newView:
                Must(_certificates.Fault(newView), host, "certificates verify", newView);
                break;
            default:
                break;
        }
    }

    /// <summary>What an honest engine calls committed is certified, and certified once.</summary>
    public void Decides(Host host, Decision decision)
    {
        foreach (var certificate in decision.Certificates)
        {
            Certificate(host, certificate);
        }

        var last = decision.Certificates[^1];
        Must(
            last.Kind == StatementKind.Commit && last.Subject.Block == decision.Blocks[^1].Hash,
            host, "certificates verify",
            $"decided {decision.Blocks[^1]} on a certificate for {last.Subject}");
    }

    /// <summary>
    /// One chain, one state at each height whatever way led to it, each transaction once, for ever.
    /// </summary>
    public void Finalises(Host host, FinalBlock final)
    {
        if (!host.IsHonest)
        {
            return;
        }

        var block = final.Block;
        var sum = host.Ledger.StateSum;
        if (block.Height.Value < (ulong)_final.Count)
        {
            var known = _final[(int)block.Height.Value];
            Must(known.Block == block.Hash, host, "agreement",
                $"made {block} final; another has {known.Block.ToShortString()} there");
            Must(known.StateSum == sum, host, "one state", $"differs in its state at height {block.Height}");
            return;
        }

        Must(block.Height.Value == (ulong)_final.Count, host, "one chain", $"made {block} final above a gap");
        Must(_final.Count == 0 || block.Parent == _final[^1].Block, host, "one chain",
            $"made {block} final on no parent");
        _final.Add((block.Hash, sum));
        AssertTrue(host, final);
        foreach (var transaction in block.Transactions)
        {
            Must(simulator.SignatureIsValid(transaction), host, "signatures verify",
                $"{block} holds a forged transaction");
            Must(_applied.TryAdd(transaction.Hash, block.Height), host, "applied once",
                $"{block} holds transaction {transaction}, which block {_applied[transaction.Hash]} holds "
                + $"already");
        }
    }

    /// <summary>What a client was told stays true.</summary>
    public void Told(Host host, Transaction transaction, Height height)
    {
        Must(_applied.TryGetValue(transaction.Hash, out var held) && held == height, host, "told is final",
            $"told a client that {transaction} is final in block {height}");
        HighestTold = height > HighestTold ? height : HighestTold;
    }

    /// <summary>A linearizable read sees all that anyone was told of before it was asked for.</summary>
    /// <param name="host">Who serves it.</param>
    /// <param name="told"><see cref="HighestTold"/> when it was asked for.</param>
    public void Serves(Host host, Height told)
    {
        Reads++;
        var height = host.Life!.Machine.Head.Height;
        Must(height >= told, host, "fresh reads",
            $"serves a read at height {height}; block {told} was told of before");
    }

    public void Noticed(Host host, Notice notice)
    {
        if (!host.IsHonest)
        {
            return;
        }

        switch (notice)
        {
            case Notice.LeftView or Notice.LeaderChanged { Leader: not null }:
                ViewChanges++;
                break;
            case Notice.Equivocation evidence:
                Evidence++;
                var accused = simulator.HostsOf(evidence.Validator);
                Must(accused.Any(suspect => !suspect.IsHonest), host, "evidence is true",
                    $"accuses the honest R{evidence.Validator}: {Words.Of(evidence)}");
                if (PbftEvidence.Of(evidence, SimulatedGenesis.KeyOf(evidence.Validator.Value)) is { } proof)
                {
                    _proven.Add((host.Id, evidence.Validator, proof.Offence.Height));
                }

                break;
            default:
                break;
        }
    }

    /// <summary>
    /// Once all is calm: whom any honest validator has seen lie at a height that is final, every honest
    /// ledger names.
    /// </summary>
    public void AssertAccused()
    {
        foreach (var (witness, validator, height) in _proven)
        {
            if (!Answers(simulator.Hosts[witness]) || height > Highest
                || !simulator.Members.SetAt(height).Contains(validator))
            {
                continue;
            }

            foreach (var host in simulator.Hosts.Where(Answers))
            {
                Must(
                    host.Ledger.ReadState(
                        StateKey.ForOffender(SimulatedGenesis.KeyOf(validator.Value))) is not null,
                    host, "evidence is kept",
                    $"does not hold against R{validator} what host {witness} has seen");
            }
        }
    }

    private bool Answers(Host host) => host.IsHonest && !host.HasRefused && simulator.IsSeated(host);

    public void Bounded(string what, long size, long limit)
    {
        if (size > limit)
        {
            throw new BreachException("bounded", $"{what} holds {size}, more than {limit}");
        }
    }

    /// <summary>Nobody can put anything on the ledger against an honest validator.</summary>
    private void AssertTrue(Host host, FinalBlock final)
    {
        for (var i = 0; i < final.Receipts.Count; i++)
        {
            if (final.Receipts[i].IsApplied
                && final.Block.Transactions[i].Body.Operations
                is [Operation.Report { Evidence.Offence: var offence }])
            {
                var accused = simulator.Members.FindByKey(offence.Validator);
                Must(
                    accused is { } index && simulator.HostsOf(index).Any(suspect => !suspect.IsHonest), host,
                    "evidence is true",
                    $"keeps {final.Block}, which accuses the honest R{accused} at height {offence.Height}");
                _accused.Add(offence.Validator);
            }
        }
    }

    /// <summary>
    /// A certificate verifies, and no two of one kind, view and height name different blocks.
    /// </summary>
    private void Certificate(Host host, QuorumCertificate certificate)
    {
        if (!host.IsHonest)
        {
            return;
        }

        Must(_certificates.Fault(certificate), host, "certificates verify", certificate.Subject);
        var key = (certificate.Kind, certificate.Subject.View, certificate.Subject.Height);
        if (!_certified.TryAdd(key, certificate.Subject.Block))
        {
            Must(_certified[key] == certificate.Subject.Block, host, "one certificate",
                $"holds {certificate.Kind}s of a quorum for {certificate.Subject}, "
                + $"others for {_certified[key].ToShortString()}");
        }
    }

    private static void Must(string? fault, Host host, string name, object what)
    {
        if (fault is not null)
        {
            throw new BreachException(name, $"R{host.Self} accepted {what}: {fault}");
        }
    }

    /// <summary>Ends the run when it does not hold.</summary>
    public static void Must(
        bool holds, Host host, string name, [InterpolatedStringHandlerArgument(nameof(holds))] Claim detail)
    {
        if (!holds)
        {
            throw new BreachException(name, $"R{host.Self} {detail.ToString()}");
        }
    }
}
