import * as botMethods from "./bot-methods.ts";
import type { Method } from "./call.ts";
import * as editMethods from "./edit-methods.ts";
import * as sendMethods from "./send-methods.ts";
import { ApiFailure, badRequest } from "./failure.ts";

/** Methods of Bot API 10.3 that the playground leaves out: a bot that calls one is told so, not that it does not exist. */
const UNSERVED = `
  logOut close forwardMessages copyMessages sendLivePhoto sendAudio sendVideo sendAnimation sendVoice
  sendVideoNote sendPaidMedia sendLocation sendVenue sendContact sendPoll sendChecklist sendDice sendMessageDraft
  getUserProfilePhotos getUserProfileAudios setUserEmojiStatus banChatMember unbanChatMember restrictChatMember
  promoteChatMember setChatAdministratorCustomTitle setChatMemberTag banChatSenderChat unbanChatSenderChat
  setChatPermissions exportChatInviteLink createChatInviteLink editChatInviteLink createChatSubscriptionInviteLink
  editChatSubscriptionInviteLink revokeChatInviteLink approveChatJoinRequest declineChatJoinRequest
  answerChatJoinRequestQuery sendChatJoinRequestWebApp setChatPhoto deleteChatPhoto setChatTitle
  setChatDescription unpinAllChatMessages leaveChat getChatAdministrators getChatMemberCount getChatMember
  getUserPersonalChatMessages setChatStickerSet deleteChatStickerSet getForumTopicIconStickers createForumTopic
  editForumTopic closeForumTopic reopenForumTopic deleteForumTopic unpinAllForumTopicMessages
  editGeneralForumTopic closeGeneralForumTopic reopenGeneralForumTopic hideGeneralForumTopic
  unhideGeneralForumTopic unpinAllGeneralForumTopicMessages answerGuestQuery getUserChatBoosts
  getBusinessConnection getManagedBotToken replaceManagedBotToken getManagedBotAccessSettings
  setManagedBotAccessSettings setMyName getMyName setMyProfilePhoto removeMyProfilePhoto
  setMyDefaultAdministratorRights getMyDefaultAdministratorRights getAvailableGifts sendGift
  giftPremiumSubscription verifyUser verifyChat removeUserVerification removeChatVerification readBusinessMessage
  deleteBusinessMessages setBusinessAccountName setBusinessAccountUsername setBusinessAccountBio
  setBusinessAccountProfilePhoto removeBusinessAccountProfilePhoto setBusinessAccountGiftSettings
  getBusinessAccountStarBalance transferBusinessAccountStars getBusinessAccountGifts getUserGifts getChatGifts
  convertGiftToStars upgradeGift transferGift postStory repostStory editStory deleteStory answerWebAppQuery
  savePreparedInlineMessage savePreparedKeyboardButton editMessageLiveLocation stopMessageLiveLocation
  editMessageChecklist stopPoll approveSuggestedPost declineSuggestedPost deleteMessageReaction
  deleteAllMessageReactions sendSticker getStickerSet getCustomEmojiStickers uploadStickerFile createNewStickerSet
  addStickerToSet setStickerPositionInSet deleteStickerFromSet replaceStickerInSet setStickerEmojiList
  setStickerKeywords setStickerMaskPosition setStickerSetTitle setStickerSetThumbnail
  setCustomEmojiStickerSetThumbnail deleteStickerSet sendRichMessage sendRichMessageDraft sendInvoice
  createInvoiceLink answerShippingQuery answerPreCheckoutQuery getMyStarBalance getStarTransactions
  refundStarPayment editUserStarSubscription setPassportDataErrors sendGame setGameScore getGameHighScores
`;

const served: ReadonlyMap<string, Method> = byLowerCase({ ...botMethods, ...editMethods, ...sendMethods });
const unserved: ReadonlySet<string> = new Set(UNSERVED.toLowerCase().trim().split(/\s+/));

/** Names are compared without case, as Telegram does. Throws 404 for what the Bot API has never heard of. */
export function findMethod(name: string): Method {
  const found = served.get(name.toLowerCase());
  if (found) return found;
  if (unserved.has(name.toLowerCase())) throw badRequest(`${name} is not served by the playground`);
  throw new ApiFailure(404, "Not Found");
}

function byLowerCase(methods: Readonly<Record<string, Method>>): Map<string, Method> {
  return new Map(Object.entries(methods).map(([name, method]) => [name.toLowerCase(), method]));
}
