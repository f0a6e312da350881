using Ledger.Consensus.Raft;
using Ledger.Core;

namespace Ledger.Consensus.Tests.Raft;

/// <summary>
/// Any schedule: loss, duplication, reordering, cut links, crashes between any two envelopes and before any
/// write, clocks that run as they like, members that come and go, leaders that hand over, logs that are let
/// go early. The paper's properties are checked after every turn; a failing seed is the whole bug report.
/// </summary>
public sealed class ScheduleTests
{
    private const int Steps = 500;

    /// <summary>Everything small, so that windows fill, batches split and snapshots are needed.</summary>
    private static readonly RaftOptions Tight = RaftOptions.Default with
    {
        ElectionTicks = 5,
        Window = 4,
        InFlightMax = 3,
        BatchBytesMax = 1500,
        EntriesRetained = 4,
        CompactionBytes = 4000,
        CaughtUpWithin = 4,
        LearnTicks = 60,
    };

    public static TheoryData<int, int> Seeds
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (var nodes in (int[])[1, 3, 5])
            {
                for (var seed = 0; seed < 100; seed++)
                {
                    data.Add(nodes, seed);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_papers_properties_hold_and_all_decide_once_the_faults_stop(int nodes, int seed)
        => new Run(new(nodes, Tight, seed: (ulong)seed), seed).Play(movesMembers: false);

    [Theory]
    [MemberData(nameof(Seeds))]
    public void So_they_do_while_members_come_and_go(int nodes, int seed)
    {
        var genesis = new Membership(
            [.. Enumerable.Range(0, nodes).Select(i => new ValidatorIndex(i))], [], []);
        new Run(new(nodes + 2, Tight, genesis, (ulong)seed), seed).Play(movesMembers: true);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void So_they_do_with_a_witness(int nodes, int seed)
    {
        ValidatorIndex[] voters = [.. Enumerable.Range(0, nodes + 2).Select(i => new ValidatorIndex(i))];
        new Run(new(nodes + 2, Tight, new(voters, [], [new(nodes + 1)]), (ulong)seed), seed)
            .Play(movesMembers: false);
    }

    /// <summary>One run: random steps, then peace.</summary>
    private sealed class Run(RaftCluster cluster, int seed)
    {
        private readonly Random _chance = new(seed);
        private readonly SortedDictionary<ulong, Height> _asked = [];
        private ulong _reads;
        private int _submitted;

        private int Any => _chance.Next(cluster.Nodes.Count);

        public void Play(bool movesMembers)
        {
            for (var step = 0; step < Steps; step++)
            {
                Step(movesMembers);
                Propose();
                CheckReads();
            }

            Settle();
        }

        private void Step(bool movesMembers)
        {
            switch (_chance.Next(100))
            {
                case < 1:
                    cluster.Nodes[Any].SendsUntilDeath = _chance.Next(6);
                    break;
                case < 2:
                    cluster.Nodes[Any].Disk.WritesUntilDeath = _chance.Next(4);
                    break;
                case < 4:
                    cluster.Restart(Any);
                    break;
                case < 5:
                    cluster.CutLink(Any, Any);
                    break;
                case < 6:
                    cluster.Partition(Any);
                    break;
                case < 9:
                    cluster.Heal();
                    break;
                case < 10:
                    cluster.Leader?.Take(new Input.TransferRequested(_chance.Next(2) == 0 ? null : new(Any)));
                    break;
                case < 12 when movesMembers:
                    MoveMembers();
                    break;
                case < 15:
                    Read();
                    break;
                case < 18:
                    cluster.Nodes[Any].InstallWanted();
                    break;
                case < 22:
                    cluster.TickAll();
                    break;
                case < 30:
                    cluster.Nodes[Any].Tick(_chance.Next(4));
                    break;
                case var roll:
                    for (var i = _chance.Next(6); i > 0 && cluster.InFlight.Count > 0; i--)
                    {
                        cluster.DeliverAt(
                            _chance.Next(Math.Min(cluster.InFlight.Count, 8)), lost: roll < 34,
                            duplicated: roll > 96);
                    }

                    break;
            }
        }

        private void Propose()
        {
            if (_chance.Next(3) == 0
                && cluster.Nodes.FirstOrDefault(node => node.Requested is not null) is { } node)
            {
                cluster.Propose(node.Self.Value, $"payload-{_submitted++}");
            }
        }

        private void MoveMembers()
        {
            if (cluster.Leader is not { } leader)
            {
                return;
            }

            var everyone = cluster.Nodes.Select(node => node.Self).ToList();
            var voters = everyone.Where(_ => _chance.Next(3) > 0).ToList();
            var learners = everyone.Except(voters).Where(_ => _chance.Next(3) == 0).ToList();
            leader.Take(new Input.MembersRequested(new(voters, learners, [])));
        }

        private void Read()
        {
            var reader = cluster.Nodes[Any];
            var id = ++_reads;
            _asked[id] = Acknowledged();
            reader.Take(new Input.ReadRequested(id, cluster.Now));
        }

        /// <summary>What some client has been told is final.</summary>
        private Height Acknowledged() => new((ulong)cluster.Nodes.Max(node => node.Disk.Final.Count));

        private void CheckReads()
        {
            foreach (var node in cluster.Nodes)
            {
                foreach (var (id, height) in node.Reads)
                {
                    Assert.True(
                        height >= _asked[id], $"read {id} sees h{height}, h{_asked[id]} was final before it");
                }

                node.Reads.Clear();
            }
        }

        /// <summary>
        /// Liveness: with everyone back and every message delivered, a new block becomes final everywhere.
        /// </summary>
        private void Settle()
        {
            cluster.Heal();
            foreach (var node in cluster.Nodes)
            {
                node.SendsUntilDeath = null;
                node.Disk.WritesUntilDeath = null;
                if (!node.IsAlive)
                {
                    cluster.Restart(node.Self.Value);
                }
            }

            var isProposed = false;
            for (var round = 0; round < 600; round++)
            {
                cluster.Run(1);
                CheckReads();
                foreach (var node in cluster.Nodes)
                {
                    node.InstallWanted();
                }

                if (cluster.Leader is { Requested: not null } leader && !isProposed)
                {
                    cluster.Propose(leader.Self.Value, "last");
                    isProposed = true;
                }

                if (isProposed && MembersOf(cluster.Leader).All(HasLast))
                {
                    return;
                }
            }

            var states = cluster.Nodes.Select(node => node.ToString());
            Assert.Fail($"seed {seed}: no progress after the faults stopped\n{string.Join('\n', states)}");
        }

        private IEnumerable<RaftNode> MembersOf(RaftNode? leader)
            => cluster.Nodes.Where(node => leader?.Engine!.Configuration.IsMember(node.Self) ?? true);

        private static bool HasLast(RaftNode node)
            => node.Options.IsWitness || node.FinalPayloads.Contains("last");
    }
}
