using Ledger.Consensus;
using Ledger.Core;
using Ledger.Node.Configuration;

namespace Ledger.Node.Consensus;

/// <summary>The one place where the genesis file's mode is asked for.</summary>
internal static class ConsensusProtocol
{
    public static IConsensusProtocol Of(
        Genesis genesis, ValidatorIndex self, NodeOptions options, ISignatureVerifier signatures) => genesis.Mode switch
        {
            ConsensusMode.Raft => new RaftConsensus(genesis, self, options.Raft, signatures),
            _ => new PbftConsensus(genesis, self, options.Pbft, options.RequestTimeout, signatures),
        };
}
