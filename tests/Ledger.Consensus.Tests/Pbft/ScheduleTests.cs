using Ledger.Consensus.Pbft;
using Ledger.Core;
using Ledger.Crypto;

namespace Ledger.Consensus.Tests.Pbft;

/// <summary>
/// Agreement (OSDI '99 §4.5.1) under loss, duplication, reordering, crashes between any two envelopes and
/// before any write, and a validator that tells every replica something else. A failing seed is the whole bug
/// report.
/// </summary>
public sealed class ScheduleTests
{
    private const int Steps = 400;

    public static TheoryData<int, int> Seeds
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (var replicas in (int[])[1, 4, 5, 7])
            {
                for (var seed = 0; seed < 60; seed++)
                {
                    data.Add(replicas, seed);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void No_two_correct_replicas_decide_differently_and_all_decide_once_the_faults_stop(
        int replicas, int seed)
    {
        var chance = new Random(seed);
        var cluster = new Cluster(replicas);
        var said = new Dictionary<(int, Type, View, Height), Digest>();
        var liar = cluster.Validators.Quorums.Faulty > 0 ? replicas - 1 : -1;
        cluster.OnSaid = envelope => AssertSaidOnce(said, envelope, liar);
        var submitted = 0;
        for (var step = 0; step < Steps; step++)
        {
            switch (chance.Next(100))
            {
                case < 3:
                    cluster.Submit($"payload-{submitted++}");
                    break;
                case < 5 when liar >= 0:
                    Equivocate(cluster, liar, chance);
                    break;
                case < 7:
                    cluster.Nodes[chance.Next(replicas)].SendsUntilDeath = chance.Next(4);
                    break;
                case < 9:
                    cluster.Nodes[chance.Next(replicas)].Disk.WritesUntilDeath = chance.Next(3);
                    break;
                case < 13:
                    cluster.Restart(chance.Next(replicas));
                    break;
                case < 18:
                    cluster.FireNextTimer();
                    break;
                case var roll when cluster.InFlight.Count > 0:
                    cluster.DeliverAt(
                        chance.Next(cluster.InFlight.Count), lost: roll < 26, duplicated: roll > 95);
                    break;
                default:
                    break;
            }
        }

        Heal(cluster);
        cluster.Submit("last");
        AssertAllDecide(cluster, $"{replicas} replicas, seed {seed}");
    }

    private static void Heal(Cluster cluster)
    {
        foreach (var node in cluster.Nodes)
        {
            node.SendsUntilDeath = null;
            node.Disk.WritesUntilDeath = null;
        }

        for (var i = 0; i < cluster.Nodes.Count; i++)
        {
            if (!cluster.Nodes[i].IsAlive)
            {
                cluster.Restart(i);
            }
        }
    }

    /// <summary>
    /// Liveness: with all messages delivered at once, a bounded number of timeouts is enough.
    /// </summary>
    private static void AssertAllDecide(Cluster cluster, string which)
    {
        for (var round = 0; round < 300; round++)
        {
            cluster.DeliverAll();
            if (cluster.Nodes.All(
                node => node.Disk.Final.Any(block => cluster.PayloadOf(block.Hash) == "last")))
            {
                return;
            }

            cluster.FireNextTimer();
        }

        Assert.Fail($"{which}: no progress after the faults stopped");
    }

    /// <summary>
    /// The liar proposes and votes for anything, signed with its own key, to whom it likes.
    /// </summary>
    private static void Equivocate(Cluster cluster, int liar, Random chance)
    {
        var victim = cluster.Nodes[chance.Next(cluster.Nodes.Count)];
        if (victim.Engine is not { } engine)
        {
            return;
        }

        var self = new ValidatorIndex(liar);
        var height = engine.Committed.Next;
        var parent = victim.Disk.Final.Count > 0 ? victim.Disk.Final[^1].Hash : cluster.Genesis;
        var block = cluster.MakeBlock(self, height, parent, $"lie-{chance.Next(4)}");
        var subject = new Subject(engine.View, height, block.Hash);
        PromiseMessage message = chance.Next(3) switch
        {
            0 when cluster.Validators.PrimaryOf(engine.View) == self => new PrePrepare(engine.View, block),
            1 => new Commit(subject),
            _ => new Prepare(subject),
        };
        cluster.Forge(liar, message, victim.Self.Value);
    }

    /// <summary>S1 at the wire: fails at the second word, long before two blocks are decided.</summary>
    private static void AssertSaidOnce(
        Dictionary<(int, Type, View, Height), Digest> said, Envelope envelope, int liar)
    {
        Subject? subject = envelope.Message switch
        {
            PrePrepare proposal => proposal.Subject,
            Prepare prepare => prepare.Subject,
            Commit commit => commit.Subject,
            _ => null,
        };
        if (subject is not { } vote || envelope.From.Value == liar)
        {
            return;
        }

        var kind = envelope.Message is Commit ? typeof(Commit) : typeof(Prepare);
        var key = (envelope.From.Value, kind, vote.View, vote.Height);
        Assert.True(said.TryAdd(key, vote.Block)
            || said[key] == vote.Block, $"{envelope} contradicts an earlier vote");
    }
}
